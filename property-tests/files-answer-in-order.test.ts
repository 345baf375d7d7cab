import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Program } from '../kernel/abi.ts';
import { Kernel } from '../kernel/kernel.ts';
import type { MutantName } from '../kernel/mutants.ts';
import { PARAM, type Param } from '../kernel/param.ts';
import { SMALL } from '../scenarios/scenario.ts';
import { STRATEGIES } from '../scheduler/strategies.ts';
import { selectDetectors } from '../src/select-detectors.ts';
import { execute, watch } from '../src/stage/execution.ts';
import { PROGRAMS } from '../user/programs/index.ts';
import { type Answer, type FileCommand, fileCommands, fileProgram } from './model/file-commands.ts';
import { Killed } from './model/sequential.ts';
import { SequentialFiles, Skipped } from './model/sequential-files.ts';

// The law: the calls of files and mappings answer, and loads find, what they would if one came after
// the other in some order. A process that is alone has but one. For several, the detector
// linearizability knows which orders there are; the mutants show that it can say no. KERNEL_RUNS sets
// how many executions are tried.

const RUNS = Number(process.env.KERNEL_RUNS ?? 300);
const PER_PROGRAM = 3;

const WRONG: readonly MutantName[] = ['munmap-forgets-writeback', 'munmap-writes-clean'];

const detectors = selectDetectors(['linearizability']);
const fair = [...STRATEGIES].filter(([, kind]) => kind.fair).map(([, kind]) => kind);
const strategies = fc.constantFrom(...fair);
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

/** What a process that is alone does, and is answered; its last command may kill it. */
function expected(commands: readonly FileCommand[], limits: Param): [FileCommand[], Answer[]] {
  const model = new SequentialFiles(limits);
  const done: FileCommand[] = [];
  const answers: Answer[] = [];
  for (const [i, command] of commands.entries()) {
    try {
      answers.push(model.answer(command));
      done.push(command);
    } catch (error) {
      if (error instanceof Killed && i === commands.length - 1) done.push(command);
      else if (!(error instanceof Skipped || error instanceof Killed)) throw error;
    }
  }
  return [done, answers];
}

const programs: ReadonlyMap<string, Program> = new Map(
  Object.entries(PROGRAMS).map(([name, { program }]) => [name, program]),
);

/** Whether a generated process that is alone is answered by the rules. */
const byTheRules = (mutants: readonly MutantName[]) =>
  fc.property(
    fileCommands,
    fc.record({ ncpu: fc.constantFrom(1, 3), nvma: fc.constantFrom(3, 6) }),
    strategies,
    seeds,
    (commands, param, strategy, seed) => {
      const limits = { ...PARAM, ...SMALL, frames: 250, ...param };
      const [done, answers] = expected(commands, limits);
      const heard: Answer[] = [];
      const program = fileProgram(done, (answer) => heard.push(answer));
      const its = new Map([...programs, ['alone', program]]);
      const k = new Kernel(limits, its, [{ name: 'alone', argv: ['alone'] }], mutants);
      watch(k, null, false, detectors);
      const { ending, finding } = execute(k, strategy.make(), seed);
      expect(heard).toEqual(answers);
      expect(finding).toBeUndefined();
      expect(ending).toBe('halted');
    },
  );

describe('for a generated process that is alone', () => {
  test('files and mappings answer what the sequential model answers', () => {
    fc.assert(byTheRules([]), { numRuns: RUNS });
  });

  test.each(WRONG)('which is not so with %s', (mutant) => {
    const { failed } = fc.check(byTheRules([mutant]), {
      numRuns: 3000,
      seed: 1,
      endOnFailure: true,
    });
    expect(failed).toBe(true);
  });
});

const whose = fc.constantFrom('', '', '', 'p/', 'c/');
const page = fc.integer({ min: 0, max: 3 });
const file = fc.constantFrom('f', 'g', 'tmp/f', 'README');
const fd = fc.constantFrom(3, 4);
const text = fc.constantFrom('abcd', 'zz', 'longer than a pipe');

/** Steps of user/programs/script.ts that use files and mappings and have what another process has. */
const step: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(fc.constantFrom('creat', 'truncf', 'openf', 'unlink'), file).map((s) => s.join(':')),
  fc.tuple(fc.constant('writef'), fd, text).map((s) => s.join(':')),
  fc.tuple(fc.constantFrom('closef', 'dup'), fd).map((s) => s.join(':')),
  fd.map((n) => `readf:${n}:4`),
  fc.constantFrom('pass:3', 'pass:40', 'ends', 'file:f:t', 'fwrite:0:300', 'fread:0:9', 'fstat:0'),
  fc.tuple(fc.constantFrom('s', 'p'), page).map(([kind, at]) => `mmap:2:${kind}:${8 + at}`),
  fc.constantFrom('mmap:3:s', 'mmap:2:p', 'mmapf:3:s', 'mmapf:3:s', 'mmapf:3:p'),
  fc.tuple(page, page).map(([at, n]) => `munmap:${at}:${n + 1}`),
  fc.tuple(fc.constantFrom('put', 'bump'), page).map(([what, at]) => `${what}:${at}:7`),
  page.map((at) => `get:${at}`),
  fc.constantFrom('fork', 'fork', 'wait', 'exec:script', 'exit:1', 'kill'),
  fc.constantFrom('sbrk:4096', 'sbrk:-4096', 'fill:7', 'heap', 'waitheap'),
);

const script = fc
  .array(fc.tuple(whose, step), { minLength: 1, maxLength: 14 })
  .map((steps) => ['script', 'creat:f', 'writef:3:abcd', ...steps.map((s) => s.join(''))]);

const machine: fc.Arbitrary<Partial<Param>> = fc.record({
  ncpu: fc.constantFrom(1, 2, 4),
  nproc: fc.constantFrom(5, 12),
  nvma: fc.constantFrom(2, 6),
  nobject: fc.constantFrom(1, 4),
  nfile: fc.constantFrom(4, 8),
  npipe: fc.constantFrom(1, 2),
  pipesize: fc.constantFrom(5, 32),
  fssize: fc.constantFrom(6, 8),
  frames: fc.constantFrom(60, 150),
  tickInterval: fc.constantFrom(0, 150),
  kallocFailsAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
});

/** Whether generated processes answer in some order, on a kernel with these mutants. */
const inOrder = (mutants: readonly MutantName[]) =>
  fc.property(
    fc.array(script, { minLength: 1, maxLength: 3 }),
    machine,
    strategies,
    seeds,
    (scripts, param, strategy, seed) => {
      const initial = scripts.map((argv) => ({ name: 'script', argv }));
      const limits = { ...PARAM, ...SMALL, ...param };
      const k = new Kernel(limits, programs, initial, mutants);
      watch(k, null, false, detectors);
      for (let i = 0; i < PER_PROGRAM; i++) {
        const { finding } = execute(k, strategy.make(), seed + i);
        // A mutant may well panic first.
        if (finding?.detector === 'linearizability') expect(finding).toBeUndefined();
      }
    },
  );

describe('for generated processes that share files and memory', () => {
  test('files and mappings answer what they would in some order', () => {
    fc.assert(inOrder([]), { numRuns: RUNS });
  });

  test('which is not so when two of them create two files of one name', () => {
    const property = inOrder(['create-apart']);
    const { failed } = fc.check(property, { numRuns: 3000, seed: 1, endOnFailure: true });
    expect(failed).toBe(true);
  });
});
