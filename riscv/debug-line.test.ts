import { expect, it } from 'vitest';
import { lineTable } from './debug-line.ts';
import { elf } from './guests/assembler.ts';
import { withSymbols } from './guests/symbols.ts';

const text = (word: string): number[] => [...new TextEncoder().encode(word), 0];
const u32 = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];
const LENGTHS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
/** Version 2 to 4: folder 1 is `kernel`, file 1 is in it, file 2 in none. */
const OLD_TABLES = [
  ...[...text('kernel'), 0],
  ...[...text('proc.c'), 1, 0, 0],
  ...[...text('entry.S'), 0, 0, 0, 0],
];
/** Version 5: folders `/home/me/xv6` and its `kernel`; files 1 and 2 as above, 0 is as 1. */
const NEW_TABLES = [
  ...[1, 1, 0x08, 2, ...text('/home/me/xv6'), ...text('/home/me/xv6/kernel')],
  ...[2, 1, 0x1f, 2, 0x0b, 3, ...u32(0), 1, ...u32(0), 1, ...u32(7), 0],
];
const LINE_STRINGS = Uint8Array.from([...text('proc.c'), ...text('entry.S')]);

const SET_ADDRESS = [0, 9, 2, ...u32(0x80000010), ...u32(0)];
const PROGRAM = [
  ...SET_ADDRESS,
  ...[3, 0xc0, 0, 1], // line 65 at 10
  ...[3, 0x7e, 1], // line 63 at 10, too: the last counts
  0x5a, // special: 77 = 5 × 14 + 7: 5 bytes, line + 2: 65 at 15
  ...[9, 3, 0], // 18
  ...[4, 2, 3, 10, 1], // file 2, line 75 at 18
  ...[8, 1], // 17 bytes on: line 75 at 29
  ...[2, 7], // 30
  ...[0, 1, 1],
];

/** A kernel with a line table of a version, in the 32-bit or the 64-bit format. */
function kernel(version: number, wide = false): Uint8Array {
  const offset = (value: number): number[] => (wide ? [...u32(value), ...u32(0)] : u32(value));
  const tables = version === 5 ? (wide ? wideTables() : NEW_TABLES) : OLD_TABLES;
  const rest = [1, ...(version >= 4 ? [1] : []), 1, 0xfb, 14, 13, ...LENGTHS, ...tables];
  const sizes = version === 5 ? [8, 0] : [];
  const body = [version, 0, ...sizes, ...offset(rest.length), ...rest, ...PROGRAM];
  const head = wide ? [...u32(0xffffffff), ...offset(body.length)] : u32(body.length);
  return withSymbols(elf([0x13]), [], {
    '.debug_line': Uint8Array.from([...head, ...body]),
    '.debug_line_str': LINE_STRINGS,
  });
}

function wideTables(): number[] {
  const at = (value: number): number[] => [...u32(value), ...u32(0)];
  const folders = NEW_TABLES.slice(0, 4 + text('/home/me/xv6').length + 20);
  return [...folders, ...[2, 1, 0x1f, 2, 0x0b, 3, ...at(0), 1, ...at(0), 1, ...at(7), 0]];
}

it.each([
  [2, false],
  [3, false],
  [4, false],
  [5, false],
  [4, true],
  [5, true],
])('a line table of version %i tells file and line (64-bit format: %s)', (version, wide) => {
  const lineOf = lineTable(kernel(version, wide));
  const offsets = [0x0f, 0x10, 0x14, 0x15, 0x17, 0x18, 0x28, 0x29, 0x2f, 0x30];
  expect(offsets.map((offset) => lineOf(0x80000000 + offset))).toEqual([
    undefined,
    ...['kernel/proc.c:63', 'kernel/proc.c:63', 'kernel/proc.c:65', 'kernel/proc.c:65'],
    ...['entry.S:75', 'entry.S:75', 'entry.S:75', 'entry.S:75'],
    undefined,
  ]);
});

it('a table that is cut or damaged anywhere has fewer lines, and nothing is thrown', () => {
  for (const version of [3, 5]) {
    const whole = kernel(version);
    for (let at = 128; at < whole.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const damaged = whole.slice();
        damaged[at] = value;
        expect(() => lineTable(damaged)(0x80000018)).not.toThrow();
      }
    }
  }
});

it('a table that claims 2^63 files without a field is refused at once', () => {
  const lineOf = lineTable(kernel(5));
  expect(lineOf(0x80000018)).toBe('entry.S:75');
  const file = kernel(5);
  const start = Buffer.from(file).indexOf(Buffer.from([2, 1, 0x1f, 2, 0x0b, 3]));
  file.set([0, 0xff, 0xff, 0xff, 0xff, 0x7f], start);
  expect(lineTable(file)(0x80000018)).toBeUndefined();
});

it('a kernel without debugging information has no lines', () => {
  expect(lineTable(elf([0x13]))(0x80000000)).toBeUndefined();
});
