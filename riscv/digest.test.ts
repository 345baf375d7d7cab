import { expect, test } from 'vitest';
import { Board, type BoardConfig } from './board.ts';
import { a0, addi, amo, elf, li, sb, sd, sw } from './guests/assembler.ts';
import { boot, registerOf } from './guests/boot.ts';
import { Ram } from './memory.ts';
import { VirtioBlk } from './virtio-blk.ts';

const CONFIG: BoardConfig = { harts: 1, memory: 64, ratio: 1, legacyDisk: false };
const NOP = addi(0, 0, 0);

/** The digest of a board in the same state that has hashed nothing before. */
function fromScratch(board: Board): number {
  const other = boot([NOP]);
  other.restore(board.take());
  return other.digest();
}

test.each([
  ['sb', [sb(a0, 5, 8)]],
  ['sw', [sw(a0, 5, 8)]],
  ['sd', [sd(a0, 5, 8)]],
  ['a store across a page end', [sd(a0, 5, -4)]],
  ['amoadd.d', [amo(0, 3, 0, 5, a0)]],
  ['lr.d and sc.d', [amo(2, 3, 6, 5, 0), amo(3, 3, 6, 5, a0)]],
])('after %s the digest is that of the memory, whatever was hashed before', (_, stores) => {
  // t0 is a page of its own; it is stored to before the first digest and again after it.
  const code = [...li(5, 0x81000000n), addi(a0, 0, 9), sd(a0, 5, 0), sd(a0, 5, -8)];
  const board = boot([...code, ...stores, NOP]);
  board.turn(0, code.length);
  board.digest();
  board.turn(0, stores.length);
  const after = board.digest();
  expect(after).toBe(fromScratch(board));
  board.ram.write(0x1000000, Uint8Array.of(77));
  expect(board.digest()).not.toBe(after);
});

test('a page is among the dirty ones once, however often digests are taken', () => {
  const ram = new Ram(1 << 16, 1);
  ram.write(5, Uint8Array.of(1));
  ram.pageHashes();
  ram.write(5, Uint8Array.of(2));
  expect(ram.dirtyPages).toEqual([0]);
});

test('going back to a snapshot that is not the last one brings its digest back', () => {
  const board = boot([NOP]);
  const first = board.take();
  const before = board.digest();
  board.ram.write(0x5000, Uint8Array.of(1));
  board.take();
  board.digest();
  board.restore(first);
  expect(board.digest()).toBe(before);
  board.ram.write(0x5000, Uint8Array.of(1));
  expect(board.digest()).not.toBe(before);
});

test('a reservation that comes back with a snapshot is still ended by a store of another hart', () => {
  const code = [...li(5, 0x81000000n), amo(2, 3, 6, 5, 0), amo(3, 3, 7, 5, a0), NOP];
  const board = boot(code);
  board.turn(0, code.length - 2);
  const image = board.take();
  board.turn(0, 1);
  board.restore(image);
  board.ram.write(0x1000000, Uint8Array.of(1));
  board.turn(0, 1);
  expect(registerOf(board, 7)).toBe(1n);
});

test('a write to the disk changes the hashes of the pages it reaches, and going back undoes it', () => {
  const ram = new Ram(1 << 16, 1);
  const disk = new VirtioBlk(new Uint8Array(3 * 4096), ram, true, () => undefined);
  const image = disk.take();
  const before = Array.from(disk.pageHashes());
  const [DESC, HEADER, DATA, STATUS] = [0x1000, 0x3000, 0x4000, 0x8000];
  const chain = [
    [HEADER, 16, 1, 1],
    [DATA, 5120, 1, 2],
    [STATUS, 1, 2, 0],
  ] as const;
  for (const [index, [at, length, flags, next]] of chain.entries())
    ram.words.set([0x80000000 + at, 0, length, flags | (next << 16)], DESC / 4 + 4 * index);
  ram.words.set([1, 0, 7, 0], HEADER / 4);
  ram.bytes.fill(7, DATA, DATA + 5120);
  ram.halves[(DESC + 16 * 8) / 2 + 1] = 1;
  for (const [register, value] of [
    [0x28, 4096],
    [0x38, 8],
    [0x40, 0x80000000 / 4096 + 1],
    [0x50, 0],
  ] as const)
    disk.write(register, 4, value);
  expect(Array.from(disk.disk.subarray(7 * 512, 7 * 512 + 2))).toEqual([7, 7]);
  const after = Array.from(disk.pageHashes());
  expect(after.map((hash, page) => hash === before[page])).toEqual([false, false, false]);
  const again = new VirtioBlk(new Uint8Array(disk.disk), ram, true, () => undefined);
  expect(Array.from(again.pageHashes())).toEqual(after);
  disk.restore(image);
  expect(Array.from(disk.pageHashes())).toEqual(before);
});

test("a disk in a Buffer is copied: writing to either leaves the other's contents", () => {
  const bytes = Buffer.from('x'.repeat(512));
  const [one, other] = [bytes, new Uint8Array(bytes)].map((disk) => {
    return new Board(elf([NOP]), disk, CONFIG);
  });
  bytes.fill(0);
  expect(one!.digest()).toBe(other!.digest());
});
