import { expect, test } from 'vitest';
import { Board } from './board.ts';
import { isElf, readElf } from './elf.ts';
import { addi, elf } from './guests/assembler.ts';
import { boot } from './guests/boot.ts';

const GOOD = elf([addi(1, 0, 1)]);
const CONFIG = { harts: 1, memory: 64, ratio: 1, legacyDisk: false };

function changed(at: number, ...bytes: number[]): Uint8Array {
  const file = GOOD.slice();
  file.set(bytes, at);
  return file;
}

test('a linked RV64 program is read: entry, address, bytes', () => {
  const { entry, segments } = readElf(GOOD);
  expect(entry).toBe(0x80000000);
  expect(segments).toEqual([{ address: 0x80000000, bytes: GOOD.subarray(120), size: 4 }]);
});

test.each([
  ['text', new TextEncoder().encode('#!/bin/sh'), 'not an ELF file'],
  ['nothing', new Uint8Array(0), 'not an ELF file'],
  ['a header that is cut', GOOD.slice(0, 50), 'an ELF file that ends within its header'],
  ['32 bits', changed(4, 1), 'a 32-bit ELF file, not RV64'],
  ['big-endian', changed(5, 2), 'a big-endian ELF file; RISC-V kernels are little-endian'],
  ['x86-64', changed(18, 62), 'a program for x86-64, not RISC-V'],
  ['an object file', changed(16, 1), 'an object file that is not linked yet, not a kernel'],
  ['no program headers', changed(56, 0), 'an ELF file without program headers: nothing to load'],
  ['headers far away', changed(39, 0x7f), 'its program headers are beyond the end of the file'],
  ['2^63 bytes of file', changed(103, 0x7f), 'segment 0 goes beyond the end of the file'],
  ['less memory than file', changed(104, 1), 'segment 0 is larger in the file than in memory'],
])('refused in one line: %s', (_, file, message) => {
  expect(() => readElf(file)).toThrow(message);
});

test('a kernel that claims 2^63 bytes of memory needs too much', () => {
  expect(() => new Board(changed(111, 0x7f), new Uint8Array(0), CONFIG)).toThrow(
    'it needs more memory than 64 MiB',
  );
});

test('a user program is no kernel: it loads below RAM', () => {
  expect(() => new Board(elf([0], 0), new Uint8Array(0), CONFIG)).toThrow(
    'it loads at 0x0, below RAM',
  );
});

test('a disk that ends within a sector is cut', () => {
  expect(() => new Board(GOOD, new Uint8Array(513), CONFIG)).toThrow('it is cut');
});

test('no damage to one byte of the headers does anything but load or be refused', () => {
  let refused = 0;
  for (let at = 0; at < 120; at++) {
    for (let value = 0; value < 256; value += 25) {
      try {
        new Board(changed(at, value), new Uint8Array(0), { ...CONFIG, memory: 4 });
      } catch (error) {
        expect((error as Error).name).toBe('Refusal');
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(500);
  expect(boot([0]).harts).toHaveLength(1);
});

test('an ELF file is known by its magic', () => {
  expect([isElf(GOOD), isElf(new TextEncoder().encode('ELF'))]).toEqual([true, false]);
});
