/** A symbol for a guest's file; `kind` as in ELF: 0 a label, 1 data, 2 a function. */
export interface GuestSymbol {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly kind: number;
}

/** The same ELF file with a symbol table, and further sections by name. */
export function withSymbols(
  file: Uint8Array,
  symbols: readonly GuestSymbol[],
  more: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array {
  const names: number[] = [0];
  const nameAt = (name: string): number => {
    const at = names.length;
    names.push(...new TextEncoder().encode(name), 0);
    return at;
  };
  const table = new Uint8Array(24 * symbols.length);
  const entries = new DataView(table.buffer);
  for (const [index, { name, address, size, kind }] of symbols.entries()) {
    const at = 24 * index;
    entries.setUint32(at, nameAt(name), true);
    entries.setUint8(at + 4, kind);
    entries.setUint16(at + 6, 1, true);
    entries.setUint32(at + 8, address, true);
    entries.setUint32(at + 16, size, true);
  }
  const others = Object.entries(more).map(([name, bytes]) => ({ name: nameAt(name), bytes }));
  const sections = [
    { name: 0, type: 0, link: 0, bytes: new Uint8Array(0) },
    { name: 0, type: 2, link: 2, bytes: table },
    { name: 0, type: 3, link: 0, bytes: Uint8Array.from(names) },
    ...others.map((each) => ({ ...each, type: 1, link: 0 })),
  ];
  const headers = new Uint8Array(64 * sections.length);
  const view = new DataView(headers.buffer);
  let end = file.length + headers.length;
  for (const [index, { name, type, link, bytes }] of sections.entries()) {
    view.setUint32(64 * index, name, true);
    view.setUint32(64 * index + 4, type, true);
    view.setUint32(64 * index + 24, end, true);
    view.setUint32(64 * index + 32, bytes.length, true);
    view.setUint32(64 * index + 40, link, true);
    end += bytes.length;
  }
  const whole = Buffer.concat([file, headers, ...sections.map(({ bytes }) => bytes)]);
  whole.writeUInt32LE(file.length, 40);
  whole.writeUInt16LE(64, 58);
  whole.writeUInt16LE(sections.length, 60);
  whole.writeUInt16LE(2, 62);
  return new Uint8Array(whole);
}
