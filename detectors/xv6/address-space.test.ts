import { describe, expect, test } from 'vitest';
import { VMA_ANON, VMA_FILE } from '../../kernel/vma.ts';
import { AddressSpace, type Area } from './address-space.ts';

const area = (start: number, pages: number, more: Partial<Area> = {}): Area => ({
  ...{ start, pages, prot: 3, shared: false, kind: VMA_ANON, object: 0, offset: 0 },
  ...more,
});
const file = { kind: VMA_FILE, object: 4 };

const space = (...areas: Area[]): AddressSpace =>
  areas.reduce((all, each) => all.with(each), new AddressSpace(4));

describe('neighbours', () => {
  test('that are alike are one area, also when one comes between two', () => {
    expect(space(area(1, 2), area(5, 1), area(3, 2)).areas).toEqual([area(1, 5)]);
  });

  test.each<[string, Partial<Area>]>([
    ['rights', { prot: 1 }],
    ['sharing', { shared: true }],
    ['what is behind them', file],
  ])('that differ in %s are two', (_, more) => {
    expect(space(area(1, 2), area(3, 1, more)).areas).toHaveLength(2);
  });

  test('of a file are one where the file goes on', () => {
    expect(space(area(1, 2, file), area(3, 1, { ...file, offset: 2 })).areas).toHaveLength(1);
    expect(space(area(1, 2, file), area(3, 1, { ...file, offset: 1 })).areas).toHaveLength(2);
  });
});

describe('a range that is taken out', () => {
  const mapped = space(area(10, 5, { ...file, offset: 1 }), area(20, 2));

  test.each<[string, number, number, [number, number, number][]]>([
    ['at the start', 10, 2, [[12, 3, 3]]],
    ['at the end', 14, 4, [[10, 4, 1]]],
    [
      'in the middle',
      11,
      2,
      [
        [10, 1, 1],
        [13, 2, 4],
      ],
    ],
    ['all of it', 9, 6, []],
  ])('%s leaves the rest, with what is behind it', (_, start, pages, left) => {
    const parts = left.map(([from, count, offset]) => area(from, count, { ...file, offset }));
    expect(mapped.without(start, pages).areas).toEqual([...parts, area(20, 2)]);
  });

  test('can make one entry more', () => {
    expect(mapped.free).toBe(2);
    expect(mapped.without(11, 1).free).toBe(1);
  });
});

test('a mapping goes where it wishes, or into the highest gap that takes it', () => {
  const mapped = space(area(90, 5), area(97, 2));
  expect(mapped.place(50, 2, 10, 100)).toBe(50);
  expect(mapped.place(0, 1, 10, 100)).toBe(99);
  expect(mapped.place(90, 2, 10, 100)).toBe(95);
  expect(mapped.place(0, 3, 10, 100)).toBe(87);
  expect(mapped.place(0, 80, 10, 100)).toBe(10);
  expect(mapped.place(0, 81, 10, 100)).toBe(0);
});
