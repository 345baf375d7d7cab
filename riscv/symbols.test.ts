import { expect, it } from 'vitest';
import { elf } from './guests/assembler.ts';
import { withSymbols } from './guests/symbols.ts';
import { Symbols } from './symbols.ts';

const NAMED = withSymbols(elf([0x13]), [
  { name: 'spin', address: 0x80000040, size: 0, kind: 0 },
  { name: 'main', address: 0x80000010, size: 16, kind: 2 },
  { name: 'cpus', address: 0x80000014, size: 64, kind: 1 },
]);

it('an address is in the function that begins before it and has not ended, or behind a label', () => {
  const symbols = new Symbols(NAMED);
  const at = (address: number): string | undefined => symbols.at(address)?.name;
  expect(at(0x8000000f)).toBeUndefined();
  expect(at(0x80000010)).toBe('main');
  expect(at(0x8000001f)).toBe('main');
  expect(at(0x80000020)).toBeUndefined();
  expect(at(0x80000048)).toBe('spin');
  expect(at(0x80002000)).toBeUndefined();
});

it('data is found by its name, with its size', () => {
  expect(new Symbols(NAMED).find('cpus')).toEqual({ name: 'cpus', address: 0x80000014, size: 64 });
});

it('a file without a table, or cut anywhere, has fewer names, and nothing is thrown', () => {
  expect(new Symbols(elf([0x13])).find('main')).toBeUndefined();
  for (let length = 124; length < NAMED.length; length++) {
    expect(() => new Symbols(NAMED.subarray(0, length)).at(0x80000010)).not.toThrow();
  }
});

it('any byte of the tables may be damaged', () => {
  for (let at = 40; at < NAMED.length; at++) {
    for (const value of [0, 0x7f, 0xff]) {
      const damaged = NAMED.slice();
      damaged[at] = value;
      expect(() => new Symbols(damaged).at(0x80000010)).not.toThrow();
    }
  }
});
