import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as abi from '../../kernel/abi.ts';
import { TraceMemory } from '../../traces/memory.ts';
import { readTrace } from '../../traces/reader.ts';
import { PROGRAMS } from '../../user/programs/index.ts';
import { guestSpec } from '../subject/kernel-spec.ts';
import { run } from '../verbs/run.ts';

const page = readFileSync(new URL('../../docs/calls.md', import.meta.url), 'utf8');

/** Rows of the page's tables: the calls that one is about, and the programs that it names. */
const ROWS = [...page.matchAll(/^\| (`\w+\(.*?) \|.*\| (.*?) \|$/gm)].map(
  ([, calls = '', tries = '']) => ({
    calls: [...calls.matchAll(/`(\w+)\(([^)]*)\)/g)].map(([, name = '', args = '']) =>
      name === 'shm_open' && args.includes('oflag') ? 'posix_shm_open' : name,
    ),
    programs: [...tries.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  }),
);

const ARGS: Readonly<Record<string, readonly string[]>> = {
  shmtest: ['foo', '8192', '2'],
  limits: ['64', '16', '32'],
  truncrace: ['foo', '2'],
  scarce: ['foo', '2'],
  churn: ['foo', '2'],
  prodcons: ['foo', 'monitor', '3'],
  complete: ['7'],
  segments: ['7', '2'],
  named: ['foo', '2'],
  readwrite: ['f', '2'],
  filerace: ['f', '2'],
  sharedfd: ['f', '2'],
  pipetest: ['4', '2'],
  heapshrink: [],
  preempt: [],
  cat: ['f'],
  script: ['uid:3', 'openf:f', 'dup:3', 'uptime', 'sleep:1'],
};

/** System calls that a program makes. */
function callsOf(program: string): ReadonlySet<string> {
  const memory = new TraceMemory();
  const spec = guestSpec(program, ARGS[program] ?? ['foo'], { tickInterval: 60 });
  run(spec, { seed: 1, sink: memory.sink });
  const { events } = readTrace(memory.bytes());
  return new Set([...events].flatMap((event) => (event.kind === 'enter' ? [event.call] : [])));
}

it('the page of system calls has every call of the kernel, and no other', () => {
  const calls = Object.keys(abi).flatMap((name) => /^SYS_(.*)/.exec(name)?.[1] ?? []);
  expect(ROWS.flatMap((row) => row.calls).sort()).toEqual(calls.sort());
});

it.each(ROWS)('the programs named for $calls make these calls', ({ calls, programs }) => {
  for (const program of programs) expect(Object.keys(PROGRAMS)).toContain(program);
  const made = programs.flatMap((program) => [...callsOf(program)]);
  expect([...new Set(made)]).toEqual(expect.arrayContaining(calls));
});
