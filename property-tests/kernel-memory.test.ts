import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DETECTORS } from '../detectors/index.ts';
import { Kernel } from '../kernel/kernel.ts';
import type { Param } from '../kernel/param.ts';
import { STRATEGIES } from '../scheduler/strategies.ts';
import { execute, watch } from '../src/stage/execution.ts';
import { PROGRAMS } from '../user/programs/index.ts';
import { SMALL } from './executions.ts';
import { auditEnd } from './kernel-audit.ts';

// The law: whatever processes map, unmap, fork, grow, write to and execute, and wherever memory runs
// out or a file is cut, no detector finds anything, all halts, and at the end each frame has as many
// owners as it counts. KERNEL_RUNS sets how many executions are tried.

const RUNS = Number(process.env.KERNEL_RUNS ?? 500);

const page = fc.integer({ min: 0, max: 3 });
const pages = fc.integer({ min: 1, max: 4 });
const kind = fc.constantFrom('s', 'p');

/** Steps of user/programs/script.ts that make, use and lose memory of all kinds. */
const step: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(pages, kind).map(([n, k]) => `mmap:${n}:${k}`),
  fc.tuple(pages, kind, page).map(([n, k, at]) => `mmap:${n}:${k}:${8 + at}`),
  kind.map((k) => `mmapf:3:${k}`),
  fc.tuple(page, pages).map(([at, n]) => `munmap:${at}:${n}`),
  fc.tuple(page, page).map(([at, word]) => `put:${at}:7:${word}`),
  page.map((at) => `get:${at}`),
  fc.constantFrom('fork', 'fork', 'wait', 'waitheap', 'exec:script', 'exit:1', 'kill'),
  fc.constantFrom('sbrk:4096', 'sbrk:12288', 'sbrk:-4096', 'lazy:8192', 'fill:7', 'heap'),
  fc.constantFrom('creat:f', 'truncf:f', 'writef:3:abcd', 'readf:3:4', 'closef:3', 'unlink:f'),
  fc.constantFrom('open:foo', 'trunc:0:8192', 'map:0', 'store:0:1', 'load:0', 'close:0'),
);

const whose = fc.constantFrom('', '', 'p/', 'c/');
const script = fc
  .array(fc.tuple(whose, step), { minLength: 1, maxLength: 14 })
  .map((steps) => ['script', 'creat:f', 'writef:3:abcd', ...steps.map((s) => s.join(''))]);

const limits: fc.Arbitrary<Partial<Param>> = fc.record({
  ncpu: fc.constantFrom(1, 2, 3),
  nproc: fc.constantFrom(5, 8),
  nvma: fc.constantFrom(2, 6),
  nobject: fc.constantFrom(1, 4),
  frames: fc.constantFrom(60, 100),
  tickInterval: fc.constantFrom(0, 150),
  kallocFailsAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
});

// What the programs store to shared pages, nothing orders; and they read what there is.
const detectors = DETECTORS.filter(({ name }) => name !== 'race');
const programs = new Map(Object.entries(PROGRAMS).map(([name, { program }]) => [name, program]));
const strategies = [...STRATEGIES].filter(([, { fair }]) => fair).map(([, kind]) => kind);

test('for generated processes that map, fork and fault, memory holds together', () => {
  fc.assert(
    fc.property(
      fc.array(script, { minLength: 1, maxLength: 3 }),
      limits,
      fc.constantFrom(...strategies),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      (scripts, param, strategy, seed) => {
        const initial = scripts.map((argv) => ({ name: 'script', argv }));
        const k = new Kernel({ ...SMALL, ...param }, programs, initial);
        watch(k, null, false, detectors);
        const { ending, finding } = execute(k, strategy.make(), seed);
        expect(finding).toBeUndefined();
        expect(ending).toBe('halted');
        expect(auditEnd(k)).toEqual([]);
      },
    ),
    { numRuns: RUNS },
  );
});
