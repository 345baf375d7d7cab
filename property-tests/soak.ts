/**
 * Seeded executions of everything there is, on machines of several sizes, in which nothing may be
 * found: what `npm run soak` does by the hundred thousand and the tests in a small dose.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Param } from '../kernel/param.ts';
import type { MemoryModel } from '../machine/index.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { allOk } from '../scenarios/scenario.ts';
import { STRATEGIES } from '../scheduler/strategies.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { execute, watch } from '../src/stage/execution.ts';
import { bootGuest, guestSpec } from '../src/subject/kernel-spec.ts';
import { PROGRAMS } from '../user/programs/index.ts';

/** Judges what an execution printed: answers what is wrong, or undefined. */
type Judge = (output: string) => string | undefined;

const anything: Judge = () => undefined;
const ok = allOk(1);
const silent: Judge = (output) => output || undefined;
const verified: Judge = (output) => (/, ok\n$/.test(output) ? undefined : output);

/** Command lines, and what is then printed. A test sees to it that no program is left out. */
const LINES: readonly (readonly [string, Judge])[] = [
  ['shmtest foo 8192 4', verified],
  ['shmtest foo 131072 3', verified],
  ['share foo', allOk(2)],
  ['fork-receiver foo 2', anything],
  ['shmwriter foo 4', anything],
  ['shmreader foo 4', anything],
  ['shmfork foo', ok],
  ['rofault foo', ok],
  ['afterclose foo', ok],
  ['noclose foo', ok],
  ['limits 64 16 32', ok],
  ['trunctwice foo', ok],
  ['killer foo', ok],
  ['execclose foo', ok],
  ['shmsbrk foo', ok],
  ['churn foo 5', ok],
  ['scaling foo 4 2 6', ok],
  ['leave foo', ok],
  ['forkclose foo', ok],
  ['truncrace foo 3', ok],
  ['orphan foo', ok],
  ['scarce foo 3', ok],
  ['script open:foo trunc:0:4096 map:0 fork c/store:0:1 p/wait load:0=1 close:0', silent],
  ['badcalls foo', ok],
  ['unmapped foo', ok],
  ['wander foo 4', ok],
  ['heapshrink', ok],
  ['testmmap f', ok],
  ['testmmfork f', ok],
  ['cat README', anything],
  ['readwrite f 9', ok],
  ['filerace f 3', ok],
  ['sharedfd f 3', ok],
  ['pipetest 40 30', ok],
  ['preempt', ok],
  ['filescarce f 2', ok],
  ['x5 foo mutex', anything],
  ['complete 7', anything],
  ['segments 7 3', anything],
  ['named foo 3', anything],
  ['testmmap f', ok],
  ['testmmfork f', ok],
  ['prodcons foo mutex 3', ok],
];

const CPUS = [1, 2, 4, 8] as const;
/** Enough for every program, and quicker to boot than the usual. */
const PROGRAM_PARAM: Partial<Param> = { frames: 256 };

/** What is made hard: nothing; much preemption; no memory at some point; no preemption. */
function conditions(visit: number): Partial<Param> {
  switch (visit % 4) {
    case 1:
      // Still more than the interrupt itself takes, or no program would get anywhere.
      return { tickInterval: 200 };
    case 2:
      return { kallocFailsAt: 1 + ((visit >> 2) % 64) };
    case 3:
      return { tickInterval: 0 };
    default:
      return {};
  }
}

/** An option of the command line for each parameter that conditions change. */
const OPTIONS: Partial<Record<keyof Param, string>> = {
  ncpu: '--cpus',
  tickInterval: '--tick-interval',
  kallocFailsAt: '--kalloc-fails-at',
  frames: '--frames',
};

/** A guest on a machine under a strategy. */
interface Cell {
  readonly guest: string;
  readonly args: readonly string[];
  readonly judge: Judge;
  /** What differs from the usual configuration; a scenario brings its own. */
  readonly param: Partial<Param>;
  readonly cpus: number;
  readonly strategy: string;
}

/** All guests, on every number of CPUs, under every strategy; neighbours are under different ones. */
function cells(): Cell[] {
  const guests = [
    ...LINES.map(([line, judge]) => {
      const [guest = '', ...args] = line.split(' ');
      return { guest, args, judge, param: PROGRAM_PARAM };
    }),
    ...Object.entries(SCENARIOS)
      .filter(([, { races }]) => races !== true)
      .map(([guest, { holds = anything }]) => ({
        guest,
        args: [] as string[],
        judge: holds,
        param: {},
      })),
  ];
  // Under an unfair strategy a process that waits for another by looking may look for ever.
  const fair = [...STRATEGIES].filter(([, kind]) => kind.fair).map(([name]) => name);
  return fair.flatMap((_, turn) =>
    CPUS.flatMap((cpus) =>
      guests.map((guest, i) => {
        const strategy = fair[(i + cpus + turn) % fair.length] as string;
        return { ...guest, cpus, strategy };
      }),
    ),
  );
}

/** Something found where nothing is: a fault of ours. */
export interface Mishap {
  readonly title: string;
  readonly detail: readonly string[];
  /** The command that shows it again. */
  readonly command: string;
}

export interface SoakOptions {
  /** Executions in all. */
  readonly executions: number;
  /** Executions between two boots. */
  readonly batch: number;
  /** Seed of the first execution; each has its own. */
  readonly firstSeed: number;
  /** How memory orders stores; `sc` if left out. */
  readonly memory?: MemoryModel;
  /** Called after each batch; answers whether to go on. */
  readonly onBatch?: (so: SoakResult) => boolean;
}

export interface SoakResult {
  executions: number;
  operations: number;
  mishap: Mishap | undefined;
}

/**
 * Executes batch after batch, each in the next cell, until the count is reached or something is
 * found. Conditions change from one visit of a cell to the next.
 */
export function soak(options: SoakOptions): SoakResult {
  const { memory = 'sc' } = options;
  const result: SoakResult = { executions: 0, operations: 0, mishap: undefined };
  const all = cells();
  const strategies = new Map([...STRATEGIES].map(([name, kind]) => [name, kind.make()]));
  for (let turn = 0; result.executions < options.executions; turn++) {
    const cell = all[turn % all.length] as Cell;
    const condition = conditions(turn + Math.floor(turn / all.length));
    const overrides = { ...cell.param, ncpu: cell.cpus, ...condition };
    const k = bootGuest({ ...guestSpec(cell.guest, cell.args, overrides), memory });
    watch(k, null, false);
    const strategy = strategies.get(cell.strategy) as Strategy;
    for (let i = 0; i < options.batch && result.executions < options.executions; i++) {
      const seed = options.firstSeed + result.executions++;
      const wrong = once(k, cell, strategy, seed);
      result.operations += k.m.step;
      if (wrong === undefined) continue;
      result.mishap = { ...wrong, command: commandOf(cell, overrides, seed, memory) };
      return result;
    }
    if (options.onBatch?.(result) === false) break;
  }
  return result;
}

/** One execution: what is wrong with it, or undefined. */
function once(
  k: Kernel,
  cell: Cell,
  strategy: Strategy,
  seed: number,
): { title: string; detail: readonly string[] } | undefined {
  let output = '';
  k.onPrint = (text) => {
    output += text;
  };
  try {
    const { ending, finding } = execute(k, strategy, seed);
    if (finding !== undefined) return finding;
    // Programs may say that memory was out, and then have no verdict.
    const wrong = k.param.kallocFailsAt > 0 ? undefined : cell.judge(output);
    if (ending === 'halted' && wrong === undefined) return undefined;
    return { title: wrong ?? `it ended as ${ending}`, detail: output.split('\n') };
  } catch (error) {
    return { title: String(error), detail: String((error as Error).stack).split('\n') };
  }
}

function commandOf(
  cell: Cell,
  overrides: Partial<Param>,
  seed: number,
  memory: MemoryModel,
): string {
  const options = Object.entries(overrides).map(
    ([name, value]) => `${OPTIONS[name as keyof Param]} ${value}`,
  );
  const args = cell.args.length > 0 ? ` -- ${cell.args.join(' ')}` : '';
  const model = memory === 'sc' ? '' : ` --memory ${memory}`;
  const how = `--seed ${seed} --strategy ${cell.strategy}${model} ${options.join(' ')}`;
  return `xv6-replay run ${cell.guest} ${how}${args}`;
}

/** Programs that no soak would execute. */
export function leftOut(): string[] {
  const soaked = new Set(LINES.map(([line]) => line.split(' ')[0]));
  return Object.keys(PROGRAMS).filter((name) => name !== 'init' && !soaked.has(name));
}
