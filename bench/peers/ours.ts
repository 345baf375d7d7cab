/**
 * Measures this project for peers.ts, as rust/src/main.rs measures Shuttle and Loom: a process of its
 * own for each figure, so that none runs code that another one warmed up or made polymorphic.
 *
 * `ours <watch> <strategy> <program> rate <milliseconds>`: executions of the program without its bug.
 * `ours <watch> <strategy> <program> find <seeds> <executions>`: for each seed, executions until the
 * bug shows.
 * `ours <watch> <strategy> <program> explore <executions>`: executions until a search is through, of
 * the program without its bug. `watch` is `off`, or `race` for the detector of races. The answer is one line of JSON.
 */

import { race } from '../../detectors/race.ts';
import { Dpor } from '../../scheduler/search/dpor.ts';
import type { Search } from '../../scheduler/search.ts';
import { Pct } from '../../scheduler/strategies/pct.ts';
import { RandomWalk } from '../../scheduler/strategies/random.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { execute, watch } from '../../src/stage/execution.ts';
import type { Counts, Rate } from './answers.ts';
import { PEERS, type Peer } from './programs.ts';

/** As rust/src/on_shuttle.rs. */
const PCT_DEPTH = 4;
/** Processor time in which the compiler sees what the program does. Rust was compiled before. */
const WARM_UP_MICROSECONDS = 500_000;
/** No two seeds share the seeds of their executions. */
const SEED_SPACING = 2 ** 24;
/** Executions that choices are counted in. */
const COUNTED = 1000;

const [watching = '', strategyName = '', programName = '', verb = '', ...numbers] =
  process.argv.slice(2);
const [first = 0, second = 0] = numbers.map(Number);

function peer(buggy: boolean): Peer {
  const make = PEERS.get(programName);
  if (make === undefined) throw new Error(`no program ${programName}`);
  return make(buggy);
}

function strategyFor({ program, operations }: Peer): Strategy | Search {
  if (strategyName === 'random') return new RandomWalk();
  if (strategyName === 'dpor') return new Dpor();
  if (strategyName !== 'pct') throw new Error(`no strategy ${strategyName}`);
  // As Shuttle does, PCT learns from an execution how long they are.
  const straight = new Pct(1, 1);
  straight.begin(0, program.lanes.length);
  program.run(straight);
  operations();
  return new Pct(PCT_DEPTH, program.machine.step);
}

/** What executes once and answers whether a bug showed. An execution that a search gave up shows none. */
function executor({ program, holds }: Peer, strategy: Strategy): (seed: number) => boolean {
  if (watching === 'race') {
    watch(program, null, false, [race]);
    return (seed) => {
      const { ending, finding } = execute(program, strategy, seed);
      return finding !== undefined || ending === 'blocked' || (ending === 'halted' && !holds());
    };
  }
  return (seed) => {
    strategy.begin(seed, program.lanes.length);
    const ending = program.run(strategy);
    return ending === 'blocked' || (ending === 'halted' && !holds());
  };
}

/** Executions in so much time; a search that is through starts over. */
function rate(milliseconds: number): Rate {
  const subject = peer(false);
  let strategy = strategyFor(subject);
  let run = executor(subject, strategy);
  let [executions, operations, elapsed] = [0, 0, 0];
  const goOn = (budget: number): void => {
    [executions, operations, elapsed] = [0, 0, 0];
    const start = performance.now();
    while (elapsed < budget) {
      for (let i = 0; i < 16; i++) {
        if (run(++executions)) throw new Error('a false alarm');
        operations += subject.operations();
        if (!('next' in strategy) || strategy.next()) continue;
        strategy = strategyFor(subject);
        run = executor(subject, strategy);
      }
      elapsed = performance.now() - start;
    }
  };
  while (process.cpuUsage().user < WARM_UP_MICROSECONDS) goOn(10);
  goOn(milliseconds);
  const memory = process.resourceUsage().maxRSS / 1024;
  return { executions, operations, seconds: elapsed / 1000, choices: choices(), memory };
}

/** Choices an execution, in executions that are not timed. */
function choices(): number {
  const subject = peer(false);
  const strategy = strategyFor(subject);
  if ('next' in strategy) return 0;
  let count = 0;
  const counting: Strategy = {
    name: 'counting',
    begin: (seed, lanes) => strategy.begin(seed, lanes),
    choose: (point) => {
      if (point.enabledCount > 1) count++;
      return strategy.choose(point);
    },
  };
  const run = executor(subject, counting);
  for (let seed = 0; seed < COUNTED; seed++) run(seed);
  return count / COUNTED;
}

/** For each seed, executions until the bug shows. */
function find(seeds: number, limit: number): Counts {
  const counts: (number | null)[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const subject = peer(true);
    const strategy = strategyFor(subject);
    const run = executor(subject, strategy);
    let count = 0;
    let found = false;
    do {
      found = run(seed * SEED_SPACING + count++);
    } while (!found && count < limit && !('next' in strategy && !strategy.next()));
    counts.push(found ? count : null);
  }
  return { counts };
}

/** Executions until a search is through. */
function explore(limit: number): Counts {
  const subject = peer(false);
  const strategy = strategyFor(subject);
  if (!('next' in strategy)) throw new Error(`${strategyName} has no end`);
  const run = executor(subject, strategy);
  for (let count = 1; count <= limit; count++) {
    if (run(0)) throw new Error('a false alarm');
    if (!strategy.next()) return { counts: [count] };
  }
  return { counts: [null] };
}

function answer(): Rate | Counts {
  if (verb === 'find') return find(first, second);
  if (verb === 'explore') return explore(first);
  return rate(first);
}

console.log(JSON.stringify(answer()));
