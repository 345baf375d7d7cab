import fc from 'fast-check';
import type { Cell, Condition, Mutex, Semaphore } from '../machine/bare-parts.ts';
import { Told } from './bare-programs.ts';

/** One operation of a generated thread; it is taken modulo what the program has. */
interface Act {
  readonly act:
    | 'load'
    | 'store'
    | 'fetchAdd'
    | 'exchange'
    | 'compareExchange'
    | 'locked'
    | 'post'
    | 'wait'
    | 'condWait'
    | 'signal'
    | 'broadcast';
  readonly which: number;
  readonly value: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  act: fc.constantFrom(
    'load',
    'store',
    'fetchAdd',
    'exchange',
    'compareExchange',
    'locked',
    'locked',
    'post',
    'post',
    'wait',
    'condWait',
    'signal',
    'broadcast',
  ),
  which: fc.nat({ max: 1 }),
  value: fc.integer({ min: -3, max: 3 }),
});

/** Bare programs of 1 to 4 threads over two of everything; many of them block. */
export const bareProgram: fc.Arbitrary<Told> = fc
  .array(fc.array(act, { maxLength: 12 }), { minLength: 1, maxLength: 4 })
  .map(
    (threads) =>
      new Told(({ cell, mutex, semaphore, condition, thread }, tell) => {
        const cells = [cell('x', 1), cell('y')] as const;
        const mutexes = [mutex('m'), mutex('n')] as const;
        const semaphores = [semaphore('s'), semaphore('t', 1)] as const;
        const conditions = [condition('c'), condition('d')] as const;
        for (const [i, acts] of threads.entries()) {
          thread(`t${i}`, function* () {
            for (const a of acts) {
              const at = a.which as 0 | 1;
              const parts = [cells[at], mutexes[at], semaphores[at], conditions[at]] as const;
              const answer = yield* perform(a, ...parts);
              tell(`t${i} ${a.act} ${a.which} ${a.value}: ${answer}`);
            }
          });
        }
      }),
  );

function* perform(
  { act, value }: Act,
  x: Cell,
  m: Mutex,
  s: Semaphore,
  c: Condition,
): Generator<void, number, number> {
  switch (act) {
    case 'load':
      return x.load() ?? (yield);
    case 'store':
      return x.store(value) ?? (yield);
    case 'fetchAdd':
      return x.fetchAdd(value) ?? (yield);
    case 'exchange':
      return x.exchange(value) ?? (yield);
    case 'compareExchange':
      return x.compareExchange(value, value + 1) ?? (yield);
    case 'locked': {
      m.lock() ?? (yield);
      const before = x.load() ?? (yield);
      x.store(before + value) ?? (yield);
      return m.unlock() ?? (yield);
    }
    case 'condWait':
      m.lock() ?? (yield);
      c.wait(m) ?? (yield);
      return m.unlock() ?? (yield);
    case 'post':
    case 'wait':
      return s[act]() ?? (yield);
    default:
      return c[act]() ?? (yield);
  }
}
