/**
 * Names of addresses, from an ELF file's symbol table (System V ABI, chapter 4). A table that is not
 * there or damaged has no names, and that is no error: the kernel runs all the same. The work is
 * bounded by the length of the file.
 */

const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;
const SHT_SYMTAB = 2;
const NAME_MOST = 256;
const NOTYPE = 0;
const OBJECT = 1;
const FUNC = 2;
/** How far behind a label of assembly, which has no size, its code may go on. */
const LABEL_REACH = 4096;

export interface KernelSymbol {
  readonly name: string;
  readonly address: number;
  /** In bytes; 0 for labels of assembly. */
  readonly size: number;
}

/** A stretch of a file; undefined when it is not within the file. */
interface Section {
  readonly name: string;
  readonly type: number;
  readonly link: number;
  readonly bytes: Uint8Array;
}

/** The sections of an ELF64 file that readElf has accepted; those beyond the file are empty. */
export function sectionsOf(file: Uint8Array): readonly Section[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const start = wide(view, 40);
  const count = view.getUint16(60, true);
  const names = view.getUint16(62, true);
  if (view.getUint16(58, true) !== SECTION_BYTES || start + count * SECTION_BYTES > file.length) {
    return [];
  }
  const sections = Array.from({ length: count }, (_, index) => {
    const at = start + index * SECTION_BYTES;
    const offset = wide(view, at + 24);
    const size = wide(view, at + 32);
    const bytes =
      offset + size > file.length ? file.subarray(0, 0) : file.subarray(offset, offset + size);
    const name = view.getUint32(at, true);
    return { name, type: view.getUint32(at + 4, true), link: view.getUint32(at + 40, true), bytes };
  });
  const texts = sections[names]?.bytes ?? file.subarray(0, 0);
  return sections.map((section) => ({ ...section, name: textAt(texts, section.name) }));
}

/** The text that begins at an offset and ends with a zero; cut where it is too long or the bytes end. */
export function textAt(bytes: Uint8Array, offset: number): string {
  let text = '';
  for (let at = offset; at < bytes.length && bytes[at] !== 0 && text.length < NAME_MOST; at++) {
    text += String.fromCharCode(bytes[at]!);
  }
  return text;
}

/** 64 bits as a number; beyond 2^53 it is rounded. */
function wide(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

export class Symbols {
  /** Functions and labels by rising address. */
  private readonly code: readonly KernelSymbol[];
  private readonly byName: ReadonlyMap<string, KernelSymbol>;

  /** @param file an ELF64 file that readElf has accepted. */
  constructor(file: Uint8Array) {
    const sections = sectionsOf(file);
    const table = sections.find(({ type }) => type === SHT_SYMTAB);
    const texts = table === undefined ? undefined : sections[table.link]?.bytes;
    const code: KernelSymbol[] = [];
    const byName = new Map<string, KernelSymbol>();
    for (const { kind, ...symbol } of read(table?.bytes, texts)) {
      if (!byName.has(symbol.name)) byName.set(symbol.name, symbol);
      if (kind !== OBJECT) code.push(symbol);
    }
    this.code = code.sort((a, b) => a.address - b.address || a.size - b.size);
    this.byName = byName;
  }

  find(name: string): KernelSymbol | undefined {
    return this.byName.get(name);
  }

  /** The function that an address is in, or the label of assembly that it is behind. */
  at(address: number): KernelSymbol | undefined {
    const { code } = this;
    let low = 0;
    let high = code.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (code[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = code[low - 1];
    if (symbol === undefined) return undefined;
    const reach = symbol.size === 0 ? LABEL_REACH : symbol.size;
    return address < symbol.address + reach ? symbol : undefined;
  }
}

function* read(
  table: Uint8Array | undefined,
  texts: Uint8Array | undefined,
): Generator<KernelSymbol & { readonly kind: number }> {
  if (table === undefined || texts === undefined) return;
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  for (let at = 0; at + SYMBOL_BYTES <= table.length; at += SYMBOL_BYTES) {
    const kind = view.getUint8(at + 4) & 15;
    const section = view.getUint16(at + 6, true);
    const isCode = kind === FUNC || kind === NOTYPE;
    // Of what is no code and no data, and of constants, which are in no section, the name tells nothing.
    if ((!isCode && kind !== OBJECT) || section === 0 || section >= 0xff00) continue;
    const name = textAt(texts, view.getUint32(at, true));
    if (name === '' || name.startsWith('$') || name.startsWith('.L')) continue;
    yield { name, address: wide(view, at + 8), size: wide(view, at + 16), kind };
  }
}
