/** Addresses as text, kept: programs use few, and making text is most of what an event costs. */
const hexes = new Map<number, string>();
const HEXES_MAX = 1024;

/** An address as events tell it: `0x3ffff000`. */
export function hex(value: number): string {
  let text = hexes.get(value);
  if (text === undefined) {
    if (hexes.size === HEXES_MAX) hexes.clear();
    text = `0x${(value >>> 0).toString(16)}`;
    hexes.set(value, text);
  }
  return text;
}
