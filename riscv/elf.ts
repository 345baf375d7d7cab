/**
 * Kernels as linkers write them: ELF64, little-endian, RISC-V (System V ABI, chapters 4 and 5; RISC-V
 * ELF psABI, section 8). Only what loading needs is read: the header and the program headers.
 */

import { Refusal } from './refusal.ts';

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PT_LOAD = 1;
const ET_EXEC = 2;
const EM_RISCV = 243;
const MACHINES: Readonly<Record<number, string>> = {
  3: 'x86 (32-bit)',
  8: 'MIPS',
  40: 'ARM (32-bit)',
  62: 'x86-64',
  183: 'ARM (64-bit)',
};
const TYPES: Readonly<Record<number, string>> = {
  1: 'an object file that is not linked yet',
  3: 'a position-independent program or shared library',
  4: 'a core dump',
};

/** A stretch of memory that is filled before the machine starts. */
interface Segment {
  /** Physical address of its first byte. */
  readonly address: number;
  /** What the file has of it; the rest, up to `size`, is zero. */
  readonly bytes: Uint8Array;
  /** In bytes, at least `bytes.length`. */
  readonly size: number;
}

export interface Elf {
  /** Where harts start: a physical address. */
  readonly entry: number;
  readonly segments: readonly Segment[];
}

export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * Reads a kernel. The work is bounded by the length of the file, whatever its headers claim.
 *
 * @throws Refusal when it is no RISC-V kernel, or is damaged.
 */
export function readElf(file: Uint8Array): Elf {
  if (!isElf(file)) throw new Refusal('not an ELF file');
  if (file.length < HEADER_BYTES) throw new Refusal('an ELF file that ends within its header');
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  checkKind(view);
  const start = wide(view, 32);
  const size = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  if (count === 0) throw new Refusal('an ELF file without program headers: nothing to load');
  if (size !== PROGRAM_HEADER_BYTES)
    throw new Refusal(`its program headers have ${size} bytes, not 56`);
  if (start + count * size > file.length) {
    throw new Refusal('its program headers are beyond the end of the file');
  }
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const at = start + index * size;
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    const segment = readSegment(file, view, at, index);
    if (segment.size > 0) segments.push(segment);
  }
  if (segments.length === 0) throw new Refusal('an ELF file with nothing to load');
  return { entry: wide(view, 24), segments };
}

function checkKind(view: DataView): void {
  const bits = view.getUint8(4);
  if (bits !== 2)
    throw new Refusal(bits === 1 ? 'a 32-bit ELF file, not RV64' : 'an ELF file of no known width');
  if (view.getUint8(5) !== 1)
    throw new Refusal('a big-endian ELF file; RISC-V kernels are little-endian');
  const machine = view.getUint16(18, true);
  if (machine !== EM_RISCV) {
    throw new Refusal(`a program for ${MACHINES[machine] ?? `machine ${machine}`}, not RISC-V`);
  }
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC)
    throw new Refusal(`${TYPES[type] ?? 'an ELF file of no known type'}, not a kernel`);
}

function readSegment(file: Uint8Array, view: DataView, at: number, index: number): Segment {
  const offset = wide(view, at + 8);
  const address = wide(view, at + 24);
  const inFile = wide(view, at + 32);
  const size = wide(view, at + 40);
  if (offset + inFile > file.length) {
    throw new Refusal(`segment ${index} goes beyond the end of the file: it is cut, or damaged`);
  }
  if (inFile > size) throw new Refusal(`segment ${index} is larger in the file than in memory`);
  return { address, bytes: file.subarray(offset, offset + inFile), size };
}

/** 64 bits as a number. Beyond 2^53 it is rounded: far beyond any file or memory all the same. */
function wide(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
