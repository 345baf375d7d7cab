/**
 * What the machine costs without a kernel: operations a second, executions a second, and what replaying
 * an execution costs against running it. The goals are for a machine like CI's.
 */
import { BareProgram } from '../machine/bare.ts';
import { Prng } from '../scheduler/prng.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { Replay } from '../scheduler/strategies/replay.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { SwitchLog } from '../scheduler/switch-log.ts';
import { FewSwitches } from './lib/few-switches.ts';
import { locked } from './lib/locked.ts';
import { median, rate } from './lib/measure.ts';
import { table } from './lib/table.ts';

const THREADS = 3;
const REPEATS = 5;
const MILLISECONDS = 400;

/** Three threads that load and store, `rounds` times 40 operations each. */
function counters(rounds: number): BareProgram {
  const build: ConstructorParameters<typeof BareProgram>[0] = ({ cell, thread }) => {
    const x = cell('x');
    for (let i = 0; i < THREADS; i++) {
      thread(`t${i}`, function* () {
        for (let n = 0; n < rounds * 20; n++) {
          const v = x.load() ?? (yield);
          x.store(v + 1) ?? (yield);
        }
      });
    }
  };
  return new BareProgram(build, { stepsMax: 2 ** 30 });
}

/** Executions a second, each with a seed of its own. */
function executions(program: BareProgram, strategy: Strategy): number {
  let seed = 0;
  return rate(MILLISECONDS, () => {
    strategy.begin(++seed, THREADS);
    program.run(strategy);
  });
}

interface Row {
  readonly name: string;
  readonly goal: number;
  readonly unit: number;
  readonly measure: () => number;
}

const long = counters(250);
const short = locked();

/** Operations of one execution: every thread's START counts. */
const longOperations = THREADS * (250 * 40 + 1);

const rows: readonly Row[] = [
  {
    name: 'M operations/s, few switches (about every 40)',
    goal: 20,
    unit: 1e6,
    measure: () => executions(long, new FewSwitches()) * longOperations,
  },
  {
    name: 'M operations/s, round-robin',
    goal: 0,
    unit: 1e6,
    measure: () => executions(long, new RoundRobin()) * longOperations,
  },
  {
    name: 'M operations/s, random walk',
    goal: 6,
    unit: 1e6,
    measure: () => executions(long, new RandomWalk()) * longOperations,
  },
  {
    name: 'k executions/s of 3 x 40 with locks, few switches',
    goal: 80,
    unit: 1e3,
    measure: () => executions(short, new FewSwitches()),
  },
  {
    name: 'k executions/s of 3 x 40 with locks, round-robin',
    goal: 0,
    unit: 1e3,
    measure: () => executions(short, new RoundRobin()),
  },
  {
    name: 'k executions/s of 3 x 40 with locks, random walk',
    goal: 30,
    unit: 1e3,
    measure: () => executions(short, new RandomWalk()),
  },
];

function speeds(): void {
  const figures = rows.map((): number[] => []);
  // Round by round, so that a disturbance of the computer hits every row alike.
  for (let round = 0; round < REPEATS; round++) {
    for (const [i, row] of rows.entries()) figures[i]?.push(row.measure() / row.unit);
  }
  table(
    ['what', 'median', 'goal', 'ratio'],
    rows.map(({ name, goal }, i) => {
      const value = median(figures[i] as number[]);
      const ratio = goal === 0 ? '' : (value / goal).toFixed(2);
      return [name, value.toFixed(1), goal === 0 ? '' : `>= ${goal}`, ratio];
    }),
  );
}

/** Time of a replay against the time of the run on record, both without recording. */
function replays(): void {
  const strategies = [new FewSwitches(), new RoundRobin(), new RandomWalk()];
  table(
    ['replay / run', 'switches', 'ratio', 'goal'],
    strategies.map((strategy) => {
      const log = new SwitchLog();
      long.machine.onSwitch = (step, lane) => log.push(step, lane);
      strategy.begin(1, THREADS);
      long.run(strategy);
      long.machine.onSwitch = null;
      const replay = new Replay(log);
      const ratios: number[] = [];
      for (let round = 0; round < REPEATS; round++) {
        const run = rate(MILLISECONDS, () => {
          strategy.begin(1, THREADS);
          long.run(strategy);
        });
        const replayed = rate(MILLISECONDS, () => {
          replay.begin(1, THREADS);
          long.run(replay);
        });
        ratios.push(run / replayed);
      }
      return [strategy.name, String(log.length), median(ratios).toFixed(2), '<= 1.00'];
    }),
  );
}

/** What a strategy pays before each execution. */
function seeding(): void {
  const prng = new Prng();
  let seed = 0;
  const seeds = rate(MILLISECONDS, () => prng.seed(++seed));
  let sum = 0;
  const draws = rate(MILLISECONDS, () => {
    for (let i = 0; i < 1000; i++) sum += prng.below(3);
  });
  const resets = rate(MILLISECONDS, () => short.reset());
  if (sum < 0) throw new Error('a draw is not negative');
  table(
    ['what', 'ns'],
    [
      ['seed a generator', (1e9 / seeds).toFixed(0)],
      ['draw below 3', (1e6 / draws).toFixed(1)],
      ['reset a bare program of 3 threads', (1e9 / resets).toFixed(0)],
    ],
  );
}

speeds();
replays();
seeding();
