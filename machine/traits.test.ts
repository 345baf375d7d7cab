import { expect, test } from 'vitest';
import type { Listener } from './meaning.ts';
import { tell } from './meaning.ts';
import * as op from './operation.ts';
import { canWait, goesOnAt, OPERATION_NAMES, TRAITS, waitsForWord } from './traits.ts';

const KINDS = Object.entries(op).sort(([, a], [, b]) => a - b);

test('kinds are numbered from 0 without a gap, and each has traits and a name', () => {
  expect(KINDS.map(([, kind]) => kind)).toEqual(KINDS.map((_, i) => i));
  expect(TRAITS).toHaveLength(KINDS.length);
  expect(OPERATION_NAMES.every((name) => name.length > 0)).toBe(true);
});

/** What a listener hears of an operation with operands 8 and 2 that answers 1. */
function heard(kind: number): string[] {
  const calls: string[] = [];
  const to = new Proxy({} as Listener, {
    get:
      (_, name) =>
      (...args: readonly unknown[]) =>
        calls.push(`${String(name)}(${args.join(', ')})`),
  });
  tell(to, new Int32Array(16), kind, 8, 2, 1);
  return calls;
}

test('each kind is told as what it means, and those that mean nothing are not told', () => {
  const told = KINDS.map(([name, kind]) => [name, heard(kind).join(' ')]);
  expect(Object.fromEntries(told.filter(([, calls]) => calls !== ''))).toMatchSnapshot();
});

test('an access to a word, a lock and a part is told; a user access and a switch are not', () => {
  for (const [name, kind] of KINDS) {
    const { a, access, until, waitsFor } = TRAITS[kind] ?? {};
    const concerns = a === 'word' || a === 'byte' || access !== undefined;
    const isSilent = ['DRAIN', 'DRAW', 'DRAWN', 'DRAW_MORE'].includes(name) || a === 'virtual';
    if (concerns) expect([name, heard(kind).length > 0]).toEqual([name, !isSilent]);
    expect([name, canWait(kind)]).toEqual([name, until !== undefined || waitsFor !== undefined]);
  }
});

test('whoever waits for a word goes on at some value of it, and waits at another', () => {
  for (const [name, kind] of KINDS.filter(([, each]) => waitsForWord(each))) {
    const goesOn = [-1, 0, 1, 2, 3].map((value) => goesOnAt(kind, value, 3));
    expect([name, new Set(goesOn).size]).toEqual([name, 2]);
  }
});
