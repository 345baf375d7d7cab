/**
 * File and line of an address, from `.debug_line` (DWARF Debugging Information Format, versions 2 to 5,
 * section 6.2). Of rows for the same address the last counts, as gcc writes several with views. The
 * work of a look is bounded by the length of the section; what is damaged has no lines, and no error.
 */

import { sectionsOf, textAt } from './symbols.ts';

// Standard opcodes.
const COPY = 1;
const ADVANCE_PC = 2;
const ADVANCE_LINE = 3;
const SET_FILE = 4;
const CONST_ADD_PC = 8;
const FIXED_ADVANCE_PC = 9;
// Extended opcodes.
const END_SEQUENCE = 1;
const SET_ADDRESS = 2;
// What an entry of version 5 tells, and in which forms.
const PATH = 1;
const DIRECTORY = 2;
const FORM = {
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  data1: 0x0b,
  strp: 0x0e,
  udata: 0x0f,
  data16: 0x1e,
  lineStrp: 0x1f,
} as const;

/** The sections that a line table is made of. */
interface Texts {
  readonly lines: Uint8Array;
  readonly strings: Uint8Array;
  readonly lineStrings: Uint8Array;
}

interface Row {
  readonly address: number;
  readonly file: number;
  readonly line: number;
}

/** Reads forward. @throws RangeError at the end of the bytes. */
class Cursor {
  at: number;
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u8(): number {
    return this.view.getUint8(this.at++);
  }

  i8(): number {
    return this.view.getInt8(this.at++);
  }

  u16(): number {
    this.at += 2;
    return this.view.getUint16(this.at - 2, true);
  }

  u32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  u64(): number {
    return this.u32() + this.u32() * 2 ** 32;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  signed(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) return byte < 64 ? value : value - scale * 128;
    }
  }

  text(): string {
    const text = textAt(this.bytes, this.at);
    while (this.u8() !== 0);
    return text;
  }
}

/** The lines of one compiled file. */
class Unit {
  readonly end: number;
  private readonly texts: Texts;
  private readonly version: number;
  private readonly isWide: boolean;
  private readonly program: number;
  private readonly tables: number;
  private readonly step: number;
  private readonly lineBase: number;
  private readonly lineRange: number;
  private readonly opcodeBase: number;
  private readonly lengths: readonly number[];

  /** @throws RangeError when it is cut. */
  constructor(texts: Texts, start: number, isWide: boolean, end: number) {
    this.texts = texts;
    this.isWide = isWide;
    this.end = end;
    const cursor = new Cursor(texts.lines.subarray(0, end), start);
    this.version = cursor.u16();
    if (this.version >= 5) cursor.at += 2;
    const length = isWide ? cursor.u64() : cursor.u32();
    this.program = cursor.at + length;
    this.step = cursor.u8();
    if (this.version >= 4) cursor.at++;
    cursor.at++;
    this.lineBase = cursor.i8();
    this.lineRange = cursor.u8();
    this.opcodeBase = cursor.u8();
    this.lengths = Array.from({ length: Math.max(0, this.opcodeBase - 1) }, () => cursor.u8());
    this.tables = cursor.at;
    if (this.version < 2 || this.version > 5 || this.lineRange === 0) throw new RangeError();
  }

  /** The row that an address belongs to. @throws RangeError when the program is cut. */
  rowOf(wanted: number): Row | undefined {
    const cursor = new Cursor(this.texts.lines.subarray(0, this.end), this.program);
    let row: Row = { address: 0, file: 1, line: 1 };
    let last: Row | undefined;
    while (cursor.at < this.end) {
      const opcode = cursor.u8();
      const isExtended = opcode === 0;
      const next = isExtended ? this.extended(cursor, row) : this.moved(cursor, opcode, row);
      const ends = next === undefined;
      if (ends || opcode === COPY || opcode >= this.opcodeBase) {
        const { address } = next ?? row;
        if (last !== undefined && last.address <= wanted && wanted < address) return last;
        last = next;
      }
      row = next ?? { address: 0, file: 1, line: 1 };
    }
    return undefined;
  }

  /** Undefined at the end of a sequence. */
  private extended(cursor: Cursor, row: Row): Row | undefined {
    const size = cursor.unsigned();
    const next = cursor.at + size;
    const opcode = size === 0 ? 0 : cursor.u8();
    const address = opcode === SET_ADDRESS && size >= 9 ? cursor.u64() : row.address;
    cursor.at = next;
    return opcode === END_SEQUENCE ? undefined : { ...row, address };
  }

  private moved(cursor: Cursor, opcode: number, row: Row): Row {
    const { address, line } = row;
    if (opcode >= this.opcodeBase) {
      const special = opcode - this.opcodeBase;
      const moved = address + this.step * Math.floor(special / this.lineRange);
      return { ...row, address: moved, line: line + this.lineBase + (special % this.lineRange) };
    }
    switch (opcode) {
      case ADVANCE_PC:
        return { ...row, address: address + this.step * cursor.unsigned() };
      case ADVANCE_LINE:
        return { ...row, line: line + cursor.signed() };
      case SET_FILE:
        return { ...row, file: cursor.unsigned() };
      case CONST_ADD_PC: {
        const special = Math.floor((255 - this.opcodeBase) / this.lineRange);
        return { ...row, address: address + this.step * special };
      }
      case FIXED_ADVANCE_PC:
        return { ...row, address: address + cursor.u16() };
      default:
        for (let count = this.lengths[opcode - 1] ?? 0; count > 0; count--) cursor.unsigned();
        return row;
    }
  }

  /** The name of a file, from the folder where it was compiled if it is below that. */
  fileName(file: number): string | undefined {
    const cursor = new Cursor(this.texts.lines.subarray(0, this.program), this.tables);
    const entries = this.version >= 5 ? this.entries(cursor) : undefined;
    if (entries !== undefined) {
      const folders = entries.map(({ path }) => path);
      const found = this.entries(cursor)[file];
      return found === undefined ? undefined : below(folders[0], folders[found.folder], found.path);
    }
    const folders = [''];
    for (let folder = cursor.text(); folder !== ''; folder = cursor.text()) folders.push(folder);
    for (let index = 1; ; index++) {
      const path = cursor.text();
      if (path === '') return undefined;
      const folder = cursor.unsigned();
      cursor.unsigned();
      cursor.unsigned();
      if (index === file) return below('', folders[folder], path);
    }
  }

  /** A table of version 5: folders, or files. */
  private entries(cursor: Cursor): { readonly path: string; readonly folder: number }[] {
    const formats = Array.from({ length: cursor.u8() }, () => ({
      tells: cursor.unsigned(),
      form: cursor.unsigned(),
    }));
    const count = cursor.unsigned();
    const found: { path: string; folder: number }[] = [];
    // An entry without a field takes no bytes, and there could be 2^63 of them.
    while (found.length < count && formats.length > 0) {
      const entry = { path: '', folder: 0 };
      for (const { tells, form } of formats) {
        const value = this.field(cursor, form);
        if (tells === PATH && typeof value === 'string') entry.path = value;
        if (tells === DIRECTORY && typeof value === 'number') entry.folder = value;
      }
      found.push(entry);
    }
    return found;
  }

  private field(cursor: Cursor, form: number): number | string {
    switch (form) {
      case FORM.string:
        return cursor.text();
      case FORM.lineStrp:
        return textAt(this.texts.lineStrings, this.isWide ? cursor.u64() : cursor.u32());
      case FORM.strp:
        return textAt(this.texts.strings, this.isWide ? cursor.u64() : cursor.u32());
      case FORM.udata:
        return cursor.unsigned();
      case FORM.data1:
        return cursor.u8();
      case FORM.data2:
        return cursor.u16();
      case FORM.data4:
        return cursor.u32();
      case FORM.data8:
        return cursor.u64();
      case FORM.data16:
        return cursor.u64() + cursor.u64();
      case FORM.block:
        cursor.at += cursor.unsigned();
        return 0;
      default:
        throw new RangeError('a form that no line table has');
    }
  }
}

function below(top: string | undefined, folder: string | undefined, path: string): string {
  if (path.startsWith('/') || folder === undefined || folder === '' || folder === top) return path;
  const inner = top && folder.startsWith(`${top}/`) ? folder.slice(top.length + 1) : folder;
  return `${inner}/${path}`;
}

/**
 * @param file an ELF64 file that readElf has accepted.
 * @returns `kernel/proc.c:451` for an address; undefined where no line is known.
 */
export function lineTable(file: Uint8Array): (address: number) => string | undefined {
  const sections = sectionsOf(file);
  const named = (name: string): Uint8Array =>
    sections.find((section) => section.name === name)?.bytes ?? new Uint8Array(0);
  const texts = {
    lines: named('.debug_line'),
    strings: named('.debug_str'),
    lineStrings: named('.debug_line_str'),
  };
  return (address) => {
    for (let at = 0; at + 4 <= texts.lines.length; ) {
      const cursor = new Cursor(texts.lines, at);
      const short = cursor.u32();
      const isWide = short === 0xffffffff;
      if (isWide && at + 12 > texts.lines.length) return undefined;
      const length = isWide ? cursor.u64() : short;
      const end = Math.min(cursor.at + length, texts.lines.length);
      const line = lineOf(texts, cursor.at, isWide, end, address);
      if (line !== undefined) return line;
      at = end;
    }
    return undefined;
  };
}

function lineOf(
  texts: Texts,
  start: number,
  isWide: boolean,
  end: number,
  address: number,
): string | undefined {
  try {
    const unit = new Unit(texts, start, isWide, end);
    const row = unit.rowOf(address);
    const name = row === undefined ? undefined : unit.fileName(row.file);
    return name === undefined ? undefined : `${name}:${row?.line}`;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
