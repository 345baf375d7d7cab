import { expect } from 'vitest';
import type { Program } from '../kernel/abi.ts';
import { type InitialProcess, Kernel } from '../kernel/kernel.ts';
import { PARAM, type Param } from '../kernel/param.ts';
import { type Code, type Ending, Thread } from '../machine/index.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { PROGRAMS } from '../user/programs/index.ts';
import { type Context, halt, waitStatus } from '../user/ulib.ts';
import { auditEnd, watchObjects } from './kernel-audit.ts';

/** A kernel small enough that an execution is cheap and every limit is near. */
export const SMALL: Param = {
  ...PARAM,
  nproc: 6,
  nshm: 4,
  nshmpg: 4,
  noshm: 4,
  nvma: 6,
  nobject: 4,
  nsegment: 3,
  nposix: 3,
  frames: 128,
  tickInterval: 200,
  stepsMax: 2_000_000,
};

/** What came of one execution. */
export interface Outcome {
  readonly ending: Ending;
  readonly output: string;
  /** Exit status by pid, of init's children, its own and adopted. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly steps: number;
  /** What kernel-audit found wrong: at every release of shm.lock, and at the end if init halted. */
  readonly problems: readonly string[];
}

export type StrategyName = 'random' | 'round-robin';

/** A booted kernel with programs, to execute again and again. */
export class Situation {
  readonly kernel: Kernel;
  private readonly statuses = new Map<number, number>();
  private readonly strategies: Record<StrategyName, Strategy> = {
    random: new RandomWalk(),
    'round-robin': new RoundRobin(),
  };

  /**
   * @param programs by name, beside all of user/programs
   * @param initial command lines of the initial processes, which get the pids 2, 3, …
   */
  constructor(
    programs: Readonly<Record<string, Program>>,
    initial: readonly (readonly string[])[],
    param: Partial<Param> = {},
  ) {
    const { statuses } = this;
    // As user/programs/init.ts, but keeps what it hears. Init never forks, so it never runs anew.
    function* init(u: Context): Generator<void, void, number> {
      for (;;) {
        const { pid, status } = yield* waitStatus(u);
        if (pid < 0) halt(u) ?? (yield);
        else statuses.set(pid, status);
      }
    }
    const all = new Map<string, Program>(
      Object.entries(PROGRAMS).map(([name, entry]) => [name, entry.program]),
    );
    for (const [name, program] of Object.entries(programs)) all.set(name, program);
    all.set('init', init);
    const processes = initial.map((argv): InitialProcess => ({ name: argv[0] as string, argv }));
    this.kernel = new Kernel({ ...SMALL, ...param }, all, processes);
  }

  /** @param watch attaches more to the kernel; what it adds to its list is a problem too */
  execute(
    strategyName: StrategyName,
    seed: number,
    watch: (k: Kernel) => readonly string[] = () => [],
  ): Outcome {
    const { kernel, statuses } = this;
    const strategy = this.strategies[strategyName];
    let output = '';
    kernel.onPrint = (text) => {
      output += text;
    };
    statuses.clear();
    const problems = watchObjects(kernel);
    const found = watch(kernel);
    strategy.begin(seed, kernel.m.lanes);
    const ending = kernel.run(strategy);
    problems.push(...found);
    if (ending === 'halted') problems.push(...auditEnd(kernel));
    return { ending, output, statuses: new Map(statuses), steps: kernel.m.step, problems };
  }
}

/** Where a fact is expected to hold. */
const CPUS = [1, 2, 4];
const SEEDS = [1, 2, 3];

/**
 * Runs `main` on 1, 2 and 4 CPUs under random and round-robin with a few seeds each, and expects
 * that it halts and leaves nothing. What else must hold, `main` expects itself, or `check`.
 */
export function onEveryMachine(
  main: Program,
  check: (outcome: Outcome) => void = ({ statuses }) => expect(statuses.get(2)).toBe(0),
  param: Partial<Param> = {},
  programs: Readonly<Record<string, Program>> = {},
): void {
  for (const ncpu of CPUS) {
    const situation = new Situation({ ...programs, main }, [['main']], { ...param, ncpu });
    for (const strategy of ['random', 'round-robin'] as const) {
      for (const seed of SEEDS) {
        const outcome = situation.execute(strategy, seed);
        const where = `${ncpu} CPUs, ${strategy}, seed ${seed}: ${outcome.output}`;
        expect(outcome.ending, where).toBe('halted');
        expect(outcome.problems, where).toEqual([]);
        check(outcome);
      }
    }
  }
}

/**
 * The same on one CPU with one seed: for facts that no interleaving can touch. `main` is to come to
 * its end: a process that is killed halfway expects nothing behind that.
 */
export function onOneCpu(
  main: Program,
  param: Partial<Param> = {},
  programs: Readonly<Record<string, Program>> = {},
): Outcome {
  const situation = new Situation({ ...programs, main }, [['main']], { ...param, ncpu: 1 });
  const outcome = situation.execute('round-robin', 1);
  expect(outcome.ending, outcome.output).toBe('halted');
  expect(outcome.problems, outcome.output).toEqual([]);
  expect(outcome.statuses.get(2), outcome.output).toBe(0);
  return outcome;
}

/** Runs kernel code on CPU 0 of a freshly booted kernel, as no process: for facts about one file. */
export function inKernel(code: (k: Kernel) => Code, param: Partial<Param> = {}): Kernel {
  const { kernel } = new Situation({}, [['churn', 'a', '1']], param);
  kernel.reset();
  kernel.m.drain(new Thread(-1001, 'test'), code(kernel));
  return kernel;
}
