import fc from 'fast-check';
import { type Model, model, type See } from './model.ts';

/**
 * Programs of other shapes than those of generated.ts: indices and rounds that hang on what was read,
 * retries of compareExchange, words that are tried for as locks, semaphores that begin with 0 to 3,
 * waits that look again, threads that return while they hold a mutex, and mutexes let go by nobody.
 */
type Deed =
  | { readonly do: 'load' | 'double'; readonly cell: number; readonly isIndexed: boolean }
  | {
      readonly do: 'store' | 'fetchAdd' | 'exchange';
      readonly cell: number;
      readonly isIndexed: boolean;
      readonly value: number;
    }
  | {
      readonly do: 'swap';
      readonly cell: number;
      readonly expected: number;
      readonly desired: number;
    }
  | { readonly do: 'retry'; readonly cell: number; readonly times: number }
  | { readonly do: 'try'; readonly cell: number; readonly body: readonly Deed[] }
  | { readonly do: 'if' | 'repeat'; readonly value: number; readonly body: readonly Deed[] }
  | { readonly do: 'return'; readonly value: number }
  | { readonly do: 'locked'; readonly mutex: number; readonly body: readonly Deed[] }
  | { readonly do: 'lock'; readonly mutex: number }
  | { readonly do: 'wait' | 'post'; readonly semaphore: number }
  | { readonly do: 'signal' | 'broadcast'; readonly condition: number }
  | { readonly do: 'await'; readonly condition: number; readonly mutex: number }
  | {
      readonly do: 'awaitCell';
      readonly condition: number;
      readonly mutex: number;
      readonly cell: number;
    };

export interface Wide {
  /** What each begins with. */
  readonly cells: readonly number[];
  readonly semaphores: readonly number[];
  readonly threads: readonly (readonly Deed[])[];
}

const small = fc.nat({ max: 2 });
const bit = fc.nat({ max: 1 });
const is = <const T>(what: T) => fc.constant(what);

const access: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    do: fc.constantFrom('load', 'load', 'double'),
    cell: small,
    isIndexed: fc.boolean(),
  }),
  fc.record({
    do: fc.constantFrom('store', 'store', 'fetchAdd', 'exchange'),
    cell: small,
    isIndexed: fc.boolean(),
    value: small,
  }),
  fc.record({ do: is('swap'), cell: small, expected: small, desired: small }),
) as fc.Arbitrary<Deed>;

const retry: fc.Arbitrary<Deed> = fc.record({
  do: is('retry'),
  cell: small,
  times: fc.integer({ min: 1, max: 3 }),
});
const leave: fc.Arbitrary<Deed> = fc.record({ do: is('return'), value: small });
const lock: fc.Arbitrary<Deed> = fc.record({ do: is('lock'), mutex: bit });

const around = (body: fc.Arbitrary<Deed>): fc.Arbitrary<Deed> =>
  fc.oneof(
    fc.record({
      do: fc.constantFrom('if', 'repeat'),
      value: small,
      body: fc.array(body, { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ do: is('try'), cell: small, body: fc.array(body, { maxLength: 2 }) }),
  ) as fc.Arbitrary<Deed>;

const locked = (body: fc.Arbitrary<Deed>): fc.Arbitrary<Deed> =>
  fc.record({ do: is('locked'), mutex: bit, body: fc.array(body, { maxLength: 2 }) });

const semaphoreUse = fc.record({
  do: fc.constantFrom('wait', 'post'),
  semaphore: bit,
}) as fc.Arbitrary<Deed>;

const conditionUse: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ do: fc.constantFrom('signal', 'broadcast'), condition: bit }) as fc.Arbitrary<Deed>,
  fc.record({ do: is('await'), condition: bit, mutex: bit }) as fc.Arbitrary<Deed>,
  fc.record({ do: is('awaitCell'), condition: bit, mutex: bit, cell: small }),
);

const plain: fc.Arbitrary<Deed> = fc.oneof(access, access, retry, leave, around(access));

const blocking: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: access },
  { weight: 4, arbitrary: semaphoreUse },
  { weight: 4, arbitrary: conditionUse },
  { weight: 4, arbitrary: locked(fc.oneof(access, semaphoreUse, conditionUse, locked(access))) },
  { weight: 2, arbitrary: around(fc.oneof(access, semaphoreUse, conditionUse)) },
  { weight: 1, arbitrary: fc.oneof(leave, lock) },
);

/** @param shapes by thread, statements at most */
function programs(
  deed: fc.Arbitrary<Deed>,
  shapes: readonly (readonly number[])[],
): fc.Arbitrary<Wide> {
  const threads = shapes.map((shape) =>
    fc.tuple(
      ...shape.map((maxLength) =>
        fc.array(deed, { minLength: maxLength >> 1, maxLength, size: 'max' }),
      ),
    ),
  );
  return fc
    .record({
      cells: fc.array(small, { minLength: 1, maxLength: 3 }),
      semaphores: fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })),
      threads: fc.oneof(...threads),
    })
    .map((source) => ({ ...source, threads: source.threads.filter((t) => t.length > 0) }))
    .filter(({ threads: all }) => all.length > 0);
}

const SHAPES = [
  [8, 8],
  [8, 3, 1],
  [5, 4, 3],
  [3, 3, 3, 2],
  [2, 2, 2, 2, 2],
  [2, 2, 1, 1, 1, 1],
];

/** Without anything that waits. */
export const widePrograms: fc.Arbitrary<Wide> = programs(plain, SHAPES);
/** Most of them block in some of their executions. */
export const wideBlockingPrograms: fc.Arbitrary<Wide> = programs(blocking, SHAPES);

const at = <T>(parts: readonly T[], i: number): T => parts[Math.abs(i) % parts.length] as T;

/** The program. Its outcome is all that its threads were answered. */
export function builtWide({ cells, semaphores, threads }: Wide): Model {
  return model(({ cell, mutex, semaphore, condition, thread }) => {
    const parts = {
      cells: cells.map((initial, i) => cell(`x${i}`, initial)),
      mutexes: [mutex('m'), mutex('n')],
      semaphores: semaphores.map((initial, i) => semaphore(`s${i}`, initial)),
      conditions: [condition('c'), condition('d')],
    };
    for (const [i, deeds] of threads.entries()) {
      thread(`t${i}`, function* (see) {
        yield* new Doer(parts, see).all(deeds);
      });
    }
  });
}

type PartsOf<Make extends 'cell' | 'mutex' | 'semaphore' | 'condition'> = readonly ReturnType<
  Parameters<Parameters<typeof model>[0]>[0][Make]
>[];

interface Shared {
  readonly cells: PartsOf<'cell'>;
  readonly mutexes: PartsOf<'mutex'>;
  readonly semaphores: PartsOf<'semaphore'>;
  readonly conditions: PartsOf<'condition'>;
}

/** Whether the thread goes on. */
type Doing = Generator<void, boolean, number>;

class Doer {
  private readonly shared: Shared;
  private readonly see: See;
  private last = 0;

  constructor(shared: Shared, see: See) {
    this.shared = shared;
    this.see = see;
  }

  *all(deeds: readonly Deed[]): Doing {
    for (const deed of deeds) if (!(yield* this.one(deed))) return false;
    return true;
  }

  private saw(name: string, value: number): void {
    this.last = value;
    this.see(name, value);
  }

  private *one(deed: Deed): Doing {
    const { cells, mutexes, semaphores, conditions } = this.shared;
    switch (deed.do) {
      case 'return':
        return this.last !== deed.value;
      case 'if':
        return this.last !== deed.value || (yield* this.all(deed.body));
      case 'repeat':
        for (let i = Math.abs(this.last) % 3; i > 0; i--) {
          if (!(yield* this.all(deed.body))) return false;
        }
        return true;
      case 'try': {
        const word = at(cells, deed.cell);
        this.saw(word.name, word.compareExchange(0, 1) ?? (yield));
        if (this.last !== 0) return true;
        if (!(yield* this.all(deed.body))) return false;
        word.store(0) ?? (yield);
        return true;
      }
      case 'retry': {
        const x = at(cells, deed.cell);
        for (let i = 0; i < deed.times; i++) {
          const v = x.load() ?? (yield);
          this.saw(x.name, x.compareExchange(v, v + 1) ?? (yield));
          if (this.last === v) break;
        }
        return true;
      }
      case 'locked': {
        const m = at(mutexes, deed.mutex);
        m.lock() ?? (yield);
        if (!(yield* this.all(deed.body))) return false;
        m.unlock() ?? (yield);
        return true;
      }
      case 'lock':
        at(mutexes, deed.mutex).lock() ?? (yield);
        return true;
      case 'wait':
      case 'post':
        at(semaphores, deed.semaphore)[deed.do]() ?? (yield);
        return true;
      case 'signal':
      case 'broadcast':
        at(conditions, deed.condition)[deed.do]() ?? (yield);
        return true;
      case 'await':
      case 'awaitCell': {
        const m = at(mutexes, deed.mutex);
        const c = at(conditions, deed.condition);
        m.lock() ?? (yield);
        if (deed.do === 'await') c.wait(m) ?? (yield);
        else while ((at(cells, deed.cell).load() ?? (yield)) === 0) c.wait(m) ?? (yield);
        m.unlock() ?? (yield);
        return true;
      }
      default:
        return yield* this.access(deed);
    }
  }

  private *access(
    deed: Extract<Deed, { do: 'load' | 'double' | 'store' | 'fetchAdd' | 'exchange' | 'swap' }>,
  ): Doing {
    const { cells } = this.shared;
    const isIndexed = deed.do !== 'swap' && deed.isIndexed;
    const x = at(cells, deed.cell + (isIndexed ? this.last : 0));
    switch (deed.do) {
      case 'load':
        this.saw(x.name, x.load() ?? (yield));
        return true;
      case 'double': {
        const v = x.load() ?? (yield);
        this.saw(x.name, v);
        x.store(2 * v) ?? (yield);
        return true;
      }
      case 'swap':
        this.saw(x.name, x.compareExchange(deed.expected, deed.desired) ?? (yield));
        return true;
      case 'store':
        x.store(deed.value) ?? (yield);
        return true;
      default:
        this.saw(x.name, x[deed.do](deed.value) ?? (yield));
        return true;
    }
  }
}
