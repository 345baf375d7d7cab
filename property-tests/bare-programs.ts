import { BareProgram, type Parts } from '../machine/bare.ts';
import type { Ending, Scheduler } from '../machine/index.ts';

/** What a thread did and saw, in the order of the execution: everything that a replay must repeat. */
export interface Story {
  readonly ending: Ending;
  readonly steps: number;
  readonly digest: number;
  readonly log: readonly string[];
}

/** A bare program that tells what happens in it. */
export class Told {
  readonly program: BareProgram;
  private readonly log: string[] = [];

  /** @param build gets a function for its threads to call after each operation. */
  constructor(build: (parts: Parts, tell: (line: string) => void) => void) {
    this.program = new BareProgram((parts) => build(parts, (line) => this.tell(line)), {
      stepsMax: 5000,
    });
  }

  private tell(line: string): void {
    this.log.push(`${this.program.machine.step} ${line}`);
  }

  get lanes(): number {
    return this.program.lanes.length;
  }

  run(scheduler: Scheduler): Story {
    this.log.length = 0;
    const ending = this.program.run(scheduler);
    const { step } = this.program.machine;
    return { ending, steps: step, digest: this.program.digest(), log: [...this.log] };
  }
}

/** Threads that add to a cell, each time under a mutex. */
export function lockedCounter(threads: number, rounds: number): Told {
  return new Told(({ cell, mutex, thread }, tell) => {
    const x = cell('x');
    const m = mutex('m');
    for (let i = 0; i < threads; i++) {
      thread(`t${i}`, function* () {
        for (let n = 0; n < rounds; n++) {
          m.lock() ?? (yield);
          const v = x.load() ?? (yield);
          tell(`t${i} loads ${v}`);
          x.store(v + 1) ?? (yield);
          m.unlock() ?? (yield);
        }
      });
    }
  });
}

/** A bounded buffer of one place: producers and consumers meet at two conditions. */
export function buffer(producers: number, consumers: number): Told {
  return new Told(({ cell, mutex, condition, thread }, tell) => {
    const full = cell('full');
    const m = mutex('m');
    const [isFull, isEmpty] = [condition('isFull'), condition('isEmpty')];
    const each = 2 * producers * consumers;
    for (let i = 0; i < producers + consumers; i++) {
      const puts = i < producers;
      const [mine, theirs] = puts ? [isEmpty, isFull] : [isFull, isEmpty];
      thread(`${puts ? 'producer' : 'consumer'} ${i}`, function* () {
        for (let n = 0; n < each / (puts ? producers : consumers); n++) {
          m.lock() ?? (yield);
          while ((full.load() ?? (yield)) === (puts ? 1 : 0)) mine.wait(m) ?? (yield);
          full.store(puts ? 1 : 0) ?? (yield);
          tell(`${i} ${puts ? 'puts' : 'takes'}`);
          theirs.broadcast() ?? (yield);
          m.unlock() ?? (yield);
        }
      });
    }
  });
}

/** Philosophers who may block: each takes the fork at the left first. */
export function philosophers(count: number): Told {
  return new Told(({ semaphore, thread }, tell) => {
    const forks = Array.from({ length: count }, (_, i) => semaphore(`fork ${i}`, 1));
    for (let i = 0; i < count; i++) {
      const [left, right] = [forks[i], forks[(i + 1) % count]];
      thread(`philosopher ${i}`, function* () {
        for (let n = 0; n < 3; n++) {
          left?.wait() ?? (yield);
          right?.wait() ?? (yield);
          tell(`${i} eats`);
          left?.post() ?? (yield);
          right?.post() ?? (yield);
        }
      });
    }
  });
}

/** x = 5; one thread adds 1, another doubles. */
export function race(locked: boolean): Told {
  return new Told(({ cell, mutex, thread }, tell) => {
    const x = cell('x', 5);
    const m = mutex('m');
    for (const [name, change] of [
      ['add', (v: number) => v + 1],
      ['double', (v: number) => v * 2],
    ] as const) {
      thread(name, function* () {
        if (locked) m.lock() ?? (yield);
        const v = x.load() ?? (yield);
        tell(`${name} loads ${v}`);
        x.store(change(v)) ?? (yield);
        tell(`${name} stores ${change(v)}`);
        if (locked) m.unlock() ?? (yield);
      });
    }
  });
}

/** One of each, small enough to run thousands of times. */
export const BARE_PROGRAMS: readonly (readonly [string, Told])[] = [
  ['a counter with a mutex', lockedCounter(3, 5)],
  ['a race', race(false)],
  ['a buffer with conditions', buffer(2, 1)],
  ['philosophers who may block', philosophers(3)],
];
