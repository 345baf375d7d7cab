import { expect, test } from 'vitest';
import { refsOf } from '../../kernel/kalloc.ts';
import { walk } from '../../kernel/pagetable.ts';
import { RoundRobin } from '../../scheduler/strategies/round-robin.ts';
import { execute, watch } from '../stage/execution.ts';
import { bootGuest, guestSpec } from '../subject/kernel-spec.ts';
import { valueText, wordName } from './value.ts';

test('states of processes and of segments have names of their own', () => {
  expect(valueText('proc[2].state', 2)).toBe('sleep');
  expect(valueText('segment[0].state', 2)).toBe('marked');
  expect(valueText('segment[0].nattch', 2)).toBe('2');
});

test('what a descriptor holds is named, and a futex is known by an address', () => {
  expect(valueText('proc[1].ofile[3]', 2)).toBe('file[1]');
  expect(valueText('proc[1].ofile[3]', 0)).toBe('none');
  expect(valueText('segment[0].object', 3)).toBe('object[2]');
  expect(valueText('futex[1].key', 0x3fff_f000)).toBe('0x3ffff000');
});

test('an entry of a page table is called after the page that it maps', () => {
  const k = bootGuest(guestSpec('script', ['open'], { ncpu: 1 }));
  const [, p] = k.ptable.procs;
  const { words } = k.m;
  const root = words[p?.pagetable ?? 0] as number;
  expect(wordName(k, 'load', walk(k, root, 0))).toBe(`PTE of 0x0, pid ${words[p?.pid ?? 0]}`);
  expect(wordName(k, 'load', refsOf(k, root))).toBe(`kmem.refs[0x${root.toString(16)}]`);
});

test.each([
  ['shmget:7:8192 shmat poke:1:5', 'segment[0]+0x1000'],
  ['posix:a ftruncate:3:1 pmap:3:1 poke:0:5', 'posix[0]+0x0'],
])('a word of shared memory is called after what it is part of: %s', (steps, name) => {
  const k = bootGuest(guestSpec('script', steps.split(' '), { ncpu: 1 }));
  watch(k, null, false, []);
  let seen = '';
  k.m.observer = {
    performed: () => undefined,
    switching: () => undefined,
    accessed: (_kind, address, va, value) => {
      if (value === 5) seen = wordName(k, 'store', address, va);
    },
  };
  execute(k, new RoundRobin(), 1);
  expect(seen).toBe(name);
});
