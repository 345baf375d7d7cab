import fc from 'fast-check';
import { O_RDONLY, O_RDWR, O_WRONLY } from '../../kernel/abi.ts';

/** What a generated process does, one command after the other. */
export type Command =
  | { readonly do: 'open'; readonly name: string }
  | { readonly do: 'trunc'; readonly od: number; readonly size: number }
  | { readonly do: 'map'; readonly od: number; readonly flags: number; readonly bad: boolean }
  | { readonly do: 'close'; readonly od: number }
  /** Reads, adds to, or writes a word of the descriptor's mapping, if there is one. */
  | { readonly do: 'read' | 'add'; readonly od: number; readonly word: number }
  /** Touches the place where that descriptor was mapped last, mapped or not. */
  | { readonly do: 'stray'; readonly od: number }
  | { readonly do: 'sbrk'; readonly pages: number }
  /** The child does `child` and exits; the parent goes on, and waits if asked. */
  | { readonly do: 'fork'; readonly child: readonly Command[]; readonly waits: boolean }
  /** Kills the youngest child. */
  | { readonly do: 'kill' }
  | { readonly do: 'wait' }
  | { readonly do: 'exec'; readonly image: readonly Command[] }
  | { readonly do: 'exit' };

export const NAMES = ['a', 'b', 'fifteen bytes..'] as const;
/** A name that no shm_open takes. */
export const BADNAMES = ['', 'sixteen bytes...'] as const;

const od = fc.integer({ min: -1, max: 4 });
const word = fc.constantFrom(0, 1, 1023);

const simple: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('open'), name: fc.constantFrom(...NAMES) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('open'), name: fc.constantFrom(...BADNAMES) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('trunc'),
      od,
      size: fc.constantFrom(1, 4096, 4097, 4 * 4096, 0, -1, 4 * 4096 + 1),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('map'),
      od,
      flags: fc.constantFrom(O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY, 7),
      bad: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('close'), od }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('read'), od, word }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add'), od, word }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stray'), od }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('sbrk'), pages: fc.integer({ min: -2, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.constant<Command>({ do: 'kill' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ do: 'wait' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ do: 'exit' }) },
) as fc.Arbitrary<Command>;

const leaf = fc.array(simple, { maxLength: 8 });

function nested(depth: number): fc.Arbitrary<readonly Command[]> {
  if (depth === 0) return leaf;
  const inner = nested(depth - 1);
  return fc.array(
    fc.oneof(
      { weight: 10, arbitrary: simple },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('fork'), child: inner, waits: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('exec'), image: inner }) },
    ) as fc.Arbitrary<Command>,
    { maxLength: 12 },
  );
}

/** What one process does: up to two levels of forks and execs deep. */
export const commands: fc.Arbitrary<readonly Command[]> = nested(2);

/** The same without what needs another process: for comparison with a sequential model. */
export const alone: fc.Arbitrary<readonly Command[]> = fc.array(
  simple.filter(({ do: what }) => what !== 'kill' && what !== 'exit'),
  { maxLength: 40 },
);
