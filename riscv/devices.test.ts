import { expect, test } from 'vitest';
import { boot } from './guests/boot.ts';
import { ECHO } from './guests/echo.ts';
import { MIP } from './hart.ts';
import { RAM_BASE, Ram } from './memory.ts';
import { Plic } from './plic.ts';
import { Uart } from './uart.ts';
import { VirtioBlk } from './virtio-blk.ts';

const SEIP = 1 << 9;
const CLAIM = 0x201004;

/** A PLIC with source 10 of priority 1 enabled for S of two harts. */
function plic(): { plic: Plic; line: (hart: number) => boolean } {
  const { harts } = boot([0x13], { harts: 2 });
  const made = new Plic(harts);
  made.write(4 * 10, 4, 1);
  made.write(0x2080, 4, 1 << 10);
  made.write(0x2180, 4, 1 << 10);
  return { plic: made, line: (hart) => (harts[hart]!.c[MIP]! & SEIP) !== 0 };
}

test('a claimed source does not interrupt again before its completion, on any hart', () => {
  const { plic: p, line } = plic();
  p.raise(10);
  expect([line(0), line(1)]).toEqual([true, true]);
  expect(p.read(CLAIM, 4)).toBe(10);
  p.raise(10);
  expect([line(0), line(1), p.read(CLAIM + 0x2000, 4)]).toEqual([false, false, 0]);
  p.write(CLAIM, 4, 10);
  expect([line(0), line(1)]).toEqual([true, true]);
});

test('completing another source changes nothing', () => {
  const { plic: p, line } = plic();
  p.raise(10);
  p.read(CLAIM, 4);
  p.raise(10);
  p.write(CLAIM, 4, 9);
  expect(line(0)).toBe(false);
});

test('a priority at the threshold does not interrupt, yet can be claimed (PLIC, section 9)', () => {
  const { plic: p, line } = plic();
  p.write(0x201000, 4, 1);
  p.raise(10);
  expect([line(0), line(1)]).toEqual([false, true]);
  expect(p.read(CLAIM, 4)).toBe(10);
});

test('priorities have 3 bits, and the PLIC takes accesses of 4 bytes only', () => {
  const { plic: p } = plic();
  p.write(4, 4, 9);
  expect([p.read(4, 4), p.read(4, 1)]).toEqual([1, undefined]);
});

function uart(): { uart: Uart; sent: number[]; asked: () => number } {
  const sent: number[] = [];
  let asked = 0;
  const made = new Uart(
    (byte) => sent.push(byte),
    () => asked++,
  );
  return { uart: made, sent, asked: () => asked };
}

test('IIR tells of an empty transmitter once, and again after each byte sent', () => {
  const { uart: u, sent } = uart();
  u.write(2, 1, 7);
  u.write(1, 1, 3);
  expect([u.read(2, 1), u.read(2, 1)]).toEqual([0xc2, 0xc1]);
  u.write(0, 1, 65);
  expect([u.read(2, 1), u.read(2, 1), u.read(5, 1)]).toEqual([0xc2, 0xc1, 0x60]);
  expect(sent).toEqual([65]);
});

test('what is typed interrupts while any of it is left', () => {
  const { uart: u, asked } = uart();
  u.write(1, 1, 1);
  u.receive(Uint8Array.of(97, 98));
  expect([asked(), u.read(2, 1), u.read(5, 1)]).toEqual([1, 4, 0x61]);
  expect([u.read(0, 1), asked(), u.read(0, 1), asked()]).toEqual([97, 2, 98, 2]);
  expect([u.read(5, 1), u.drained]).toEqual([0x60, true]);
});

test('with DLAB set the first two registers are the divisor', () => {
  const { uart: u, sent } = uart();
  u.write(3, 1, 0x80);
  u.write(0, 1, 3);
  expect([u.read(0, 1), sent]).toEqual([3, []]);
});

const HEADER = 0x2000;
const DATA = 0x3000;
const STATUS = 0x4000;

/** A disk of two sectors, its queue of 8 at the start of RAM, and one request of a sector. */
function request(
  kind: number,
  sector: number,
  legacy: boolean,
): { ram: Ram; disk: VirtioBlk; asked: number } {
  const ram = new Ram(1 << 16, 1);
  let asked = 0;
  const contents = new Uint8Array(1024).fill(1, 0, 512).fill(2, 512);
  const disk = new VirtioBlk(contents, ram, legacy, () => asked++);
  disk.write(0x38, 4, 8);
  if (legacy) {
    disk.write(0x28, 4, 4096);
    disk.write(0x40, 4, RAM_BASE / 4096);
  } else {
    for (const [register, at] of [
      [0x80, 0],
      [0x90, 128],
      [0xa0, 4096],
    ] as const) {
      disk.write(register, 4, RAM_BASE + at);
    }
  }
  const chain = [
    [HEADER, 16, 1, 1],
    [DATA, 512, kind === 0 ? 3 : 1, 2],
    [STATUS, 1, 2, 0],
  ] as const;
  for (const [index, [at, length, flags, next]] of chain.entries()) {
    ram.words.set([RAM_BASE + at, 0, length, flags | (next << 16)], 4 * index);
  }
  ram.words.set([kind, 0, sector, 0], HEADER >> 2);
  ram.bytes.fill(7, DATA, DATA + 512);
  ram.bytes[STATUS] = 0xff;
  ram.halves[128 / 2 + 1] = 1;
  disk.write(0x50, 4, 0);
  return { ram, disk, asked };
}

test.each([false, true])(
  'a sector is read into memory, and the request is used (virtio 2.7, 5.2.6), legacy %s',
  (legacy) => {
    const { ram, disk, asked } = request(0, 1, legacy);
    expect([ram.bytes[DATA], ram.bytes[DATA + 511], ram.bytes[STATUS], asked]).toEqual([
      2, 2, 0, 1,
    ]);
    expect(Array.from(ram.words.subarray(1024, 1027))).toEqual([1 << 16, 0, 513]);
    expect([disk.read(0x60, 4), disk.read(4, 4)]).toEqual([1, legacy ? 1 : 2]);
  },
);

test('a sector is written, and nothing else', () => {
  const { disk } = request(1, 0, false);
  expect([disk.disk[0], disk.disk[511], disk.disk[512]]).toEqual([7, 7, 2]);
});

test.each([
  [0, 2, 1],
  [9, 0, 2],
])('request %i of sector %i, which the disk cannot do, has status %i', (kind, sector, status) => {
  expect(request(kind, sector, false).ram.bytes[STATUS]).toBe(status);
});

test('going back to a snapshot and running again gives the same, and touches dirty pages only', () => {
  const board = boot(ECHO, { harts: 2 });
  const turns = (): number => {
    for (let turn = 0; turn < 40; turn++) if (board.canRun(turn & 1)) board.turn(turn & 1, 5);
    return board.digest();
  };
  turns();
  const image = board.take();
  const before = board.digest();
  board.type(Uint8Array.of(97, 10));
  const after = turns();
  expect(after).not.toBe(before);
  board.restore(image);
  expect(board.digest()).toBe(before);
  board.type(Uint8Array.of(97, 10));
  expect(turns()).toBe(after);
  board.ram.write(5, Uint8Array.of(1, 2, 3));
  expect(board.ram.dirtyPages).toEqual([0]);
});

test('the console prints what was typed, whatever the turns', () => {
  const printed = [1, 3, 50].map((lease) => {
    const board = boot(ECHO);
    let text = '';
    board.onOutput = (byte) => {
      text += String.fromCharCode(byte);
    };
    board.type(new TextEncoder().encode('ab\n'));
    while (board.clock < 600) board.turn(0, lease);
    return text;
  });
  expect(printed).toEqual(Array(3).fill('$ ab\n$ '));
});
