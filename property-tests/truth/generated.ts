import fc from 'fast-check';
import type { BareOptions } from '../../machine/bare.ts';
import type { Cell, Condition, Mutex, Semaphore } from '../../machine/bare-parts.ts';
import { type Model, model, type See } from './model.ts';

/** What a generated thread does. Indices of parts are taken modulo how many there are. */
export type Statement =
  | { readonly do: 'load'; readonly cell: number }
  | {
      readonly do: 'store' | 'fetchAdd' | 'exchange';
      readonly cell: number;
      readonly value: number;
      /** Whether `value` is added to the last answer: what is written depends on what was read. */
      readonly relative: boolean;
    }
  | {
      readonly do: 'compareExchange';
      readonly cell: number;
      readonly expected: number;
      readonly desired: number;
    }
  | { readonly do: 'locked'; readonly mutex: number; readonly body: readonly Statement[] }
  | { readonly do: 'overlap'; readonly first: number; readonly second: number }
  | {
      /** Branches on the last answer. */
      readonly do: 'if';
      readonly equals: number;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly do: 'wait' | 'post'; readonly semaphore: number }
  | { readonly do: 'await'; readonly condition: number; readonly mutex: number }
  | { readonly do: 'signal' | 'broadcast'; readonly condition: number };

/** A program as generated: plain data, so that a failing one can be shrunk and printed. */
export interface Source {
  readonly cells: number;
  readonly threads: readonly (readonly Statement[])[];
}

const index = fc.nat({ max: 3 });
const value = fc.nat({ max: 2 });

const load: fc.Arbitrary<Statement> = fc.record({ do: fc.constant('load' as const), cell: index });

const write: fc.Arbitrary<Statement> = fc.record({
  do: fc.constantFrom('store' as const, 'store' as const, 'fetchAdd' as const, 'exchange' as const),
  cell: index,
  value,
  relative: fc.boolean(),
});

const compareExchange: fc.Arbitrary<Statement> = fc.record({
  do: fc.constant('compareExchange' as const),
  cell: index,
  expected: value,
  desired: value,
});

const access = fc.oneof(load, write, load, write, compareExchange);

const locked = (body: fc.Arbitrary<Statement>): fc.Arbitrary<Statement> =>
  fc.record({
    do: fc.constant('locked' as const),
    mutex: fc.nat({ max: 1 }),
    body: fc.array(body, { maxLength: 2 }),
  });

/** Two critical sections that overlap without nesting. */
const overlap: fc.Arbitrary<Statement> = fc.record({
  do: fc.constant('overlap' as const),
  first: fc.nat({ max: 1 }),
  second: fc.nat({ max: 1 }),
});

const branch = (body: fc.Arbitrary<Statement>): fc.Arbitrary<Statement> =>
  fc.record({
    do: fc.constant('if' as const),
    equals: value,
    body: fc.array(body, { maxLength: 2 }),
    otherwise: fc.array(body, { maxLength: 1 }),
  });

const semaphoreUse: fc.Arbitrary<Statement> = fc.record({
  do: fc.constantFrom('wait' as const, 'post' as const, 'post' as const),
  semaphore: fc.nat({ max: 1 }),
});

const conditionUse: fc.Arbitrary<Statement> = fc.oneof(
  fc.record({
    do: fc.constant('await' as const),
    condition: fc.nat({ max: 1 }),
    mutex: fc.nat({ max: 1 }),
  }),
  fc.record({
    do: fc.constantFrom('signal' as const, 'signal' as const, 'broadcast' as const),
    condition: fc.nat({ max: 1 }),
  }),
);

const locking = fc.oneof(
  { weight: 4, arbitrary: access },
  { weight: 1, arbitrary: locked(fc.oneof(access, access, locked(access))) },
  { weight: 1, arbitrary: branch(fc.oneof(access, access, locked(access))) },
);

const waiting = fc.oneof(
  { weight: 3, arbitrary: access },
  { weight: 2, arbitrary: semaphoreUse },
  { weight: 2, arbitrary: conditionUse },
  { weight: 1, arbitrary: fc.oneof(locked(fc.oneof(access, semaphoreUse)), overlap) },
  { weight: 1, arbitrary: branch(fc.oneof(access, semaphoreUse)) },
);

/** Much compareExchange, and what it answers decides what is done next. */
const deciding = fc.oneof(
  { weight: 3, arbitrary: fc.oneof(load, write, compareExchange, compareExchange) },
  { weight: 2, arbitrary: branch(fc.oneof(load, write, compareExchange, compareExchange)) },
);

/** Bound on the number of interleavings of operations, for a brute-force enumeration to be quick. */
const INTERLEAVINGS_MAX = 50_000;

/** 2 to 4 threads of up to 5 statements, fewer each where there are more; shrinking drops threads. */
function programs(statement: fc.Arbitrary<Statement>): fc.Arbitrary<Source> {
  const thread = (maxLength: number) => fc.array(statement, { maxLength, size: 'max' });
  const threads = fc.oneof(
    fc.tuple(thread(5), thread(5)),
    fc.tuple(thread(4), thread(4), thread(4)),
    fc.tuple(thread(3), thread(3), thread(3), thread(3)),
  );
  return fc
    .record({ cells: fc.integer({ min: 1, max: 4 }), threads })
    .map(({ cells, threads: all }) => ({ cells, threads: all.filter((t) => t.length > 0) }))
    .filter((source) => source.threads.length > 0 && interleavings(source) <= INTERLEAVINGS_MAX)
    .map((source) => Object.assign(source, { [fc.toStringMethod]: () => textOf(source) }));
}

/** Programs over cells and locks, some with branches on what was read. */
export const lockingPrograms: fc.Arbitrary<Source> = programs(locking);

/** Programs over cells in which every other operation hangs on what was read. */
export const decidingPrograms: fc.Arbitrary<Source> = programs(deciding);

/** Programs with semaphores and condition variables, too; many of them block. */
export const waitingPrograms: fc.Arbitrary<Source> = programs(waiting);

/** The most operations that a list of statements performs. */
function length(statements: readonly Statement[]): number {
  let sum = 0;
  for (const s of statements) {
    if (s.do === 'locked') sum += 2 + length(s.body);
    else if (s.do === 'if') sum += Math.max(length(s.body), length(s.otherwise));
    else if (s.do === 'await' || s.do === 'overlap') sum += 4;
    else sum += 1;
  }
  return sum;
}

/** How many orders the operations of threads that never wait have: a multinomial coefficient. */
function interleavings({ threads }: Source): number {
  let orders = 1;
  let placed = 0;
  for (const thread of threads) {
    for (let i = 1; i <= length(thread); i++) orders *= ++placed / i;
  }
  return Math.round(orders);
}

interface SharedParts {
  readonly cells: readonly Cell[];
  readonly mutexes: readonly Mutex[];
  readonly semaphores: readonly Semaphore[];
  readonly conditions: readonly Condition[];
}

/** The program. Its outcome is all that its threads were answered. */
export function built({ cells: count, threads }: Source, options: BareOptions = {}): Model {
  return model(({ cell, mutex, semaphore, condition, thread }) => {
    const shared: SharedParts = {
      cells: Array.from({ length: count }, (_, i) => cell(CELLS[i] as string)),
      mutexes: [mutex('m'), mutex('n')],
      semaphores: [semaphore('s', 1), semaphore('t', 1)],
      conditions: [condition('c'), condition('d')],
    };
    for (const [i, statements] of threads.entries()) {
      thread(`t${i}`, function* (see) {
        yield* perform(statements, shared, { value: 0 }, see);
      });
    }
  }, options);
}

const CELLS = ['x', 'y', 'z', 'w'];

const pick = <T>(parts: readonly T[], i: number): T => parts[i % parts.length] as T;

/** @param last the last answer of the thread. */
function* perform(
  statements: readonly Statement[],
  shared: SharedParts,
  last: { value: number },
  see: See,
): Generator<void, void, number> {
  for (const s of statements) {
    switch (s.do) {
      case 'locked': {
        const m = pick(shared.mutexes, s.mutex);
        m.lock() ?? (yield);
        yield* perform(s.body, shared, last, see);
        m.unlock() ?? (yield);
        break;
      }
      case 'if':
        yield* perform(last.value === s.equals ? s.body : s.otherwise, shared, last, see);
        break;
      case 'overlap':
        yield* performOverlap(pick(shared.mutexes, s.first), pick(shared.mutexes, s.second));
        break;
      case 'await': {
        const m = pick(shared.mutexes, s.mutex);
        m.lock() ?? (yield);
        pick(shared.conditions, s.condition).wait(m) ?? (yield);
        m.unlock() ?? (yield);
        break;
      }
      case 'wait':
      case 'post':
        pick(shared.semaphores, s.semaphore)[s.do]() ?? (yield);
        break;
      case 'signal':
      case 'broadcast':
        pick(shared.conditions, s.condition)[s.do]() ?? (yield);
        break;
      case 'compareExchange': {
        const x = pick(shared.cells, s.cell);
        last.value = x.compareExchange(s.expected, s.desired) ?? (yield);
        see(x.name, last.value);
        break;
      }
      case 'load': {
        const x = pick(shared.cells, s.cell);
        last.value = x.load() ?? (yield);
        see(x.name, last.value);
        break;
      }
      default: {
        const x = pick(shared.cells, s.cell);
        const answer = x[s.do](s.value + (s.relative ? last.value : 0)) ?? (yield);
        if (s.do === 'store') break;
        last.value = answer;
        see(x.name, answer);
      }
    }
  }
}

function* performOverlap(m: Mutex, n: Mutex): Generator<void, void, number> {
  m.lock() ?? (yield);
  n.lock() ?? (yield);
  m.unlock() ?? (yield);
  n.unlock() ?? (yield);
}

/** For example `t0: x.load; if (last == 1) { y.store(2) } | t1: lock(m) { x.fetchAdd(last + 1) }`. */
export function textOf({ cells, threads }: Source): string {
  const cellOf = (i: number) => CELLS[i % cells] as string;
  const list = (statements: readonly Statement[]): string => statements.map(text).join('; ');
  const text = (s: Statement): string => {
    switch (s.do) {
      case 'load':
        return `${cellOf(s.cell)}.load`;
      case 'store':
      case 'fetchAdd':
      case 'exchange':
        return `${cellOf(s.cell)}.${s.do}(${s.relative ? 'last + ' : ''}${s.value})`;
      case 'compareExchange':
        return `${cellOf(s.cell)}.compareExchange(${s.expected}, ${s.desired})`;
      case 'locked':
        return `lock(${'mn'[s.mutex]}) { ${list(s.body)} }`;
      case 'overlap': {
        const [m, n] = ['mn'[s.first], 'mn'[s.second]];
        return `lock(${m}); lock(${n}); unlock(${m}); unlock(${n})`;
      }
      case 'if':
        return `if (last == ${s.equals}) { ${list(s.body)} } else { ${list(s.otherwise)} }`;
      case 'wait':
      case 'post':
        return `${'st'[s.semaphore]}.${s.do}`;
      case 'await':
        return `lock(${'mn'[s.mutex]}) { ${'cd'[s.condition]}.wait }`;
      default:
        return `${'cd'[s.condition]}.${s.do}`;
    }
  };
  return threads.map((statements, i) => `t${i}: ${list(statements)}`).join(' | ');
}
