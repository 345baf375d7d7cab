import { type Machine, objectCount } from '../../machine/index.ts';
import { UsageError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';

/** The pattern that stands for all memory of user programs. */
export const FRAMES = 'frames';

/**
 * The words that patterns name, as a table by object: 1 for those that are meant. A pattern is the
 * name of a word (`shm.lock`), the beginning of one up to a dot or bracket (`shm`, `proc[3]`), or has
 * `*` in it for any text; `frames` is all memory behind the kernel's data.
 *
 * @throws UsageError for a pattern that names nothing.
 */
export function objectsNamed(machine: Machine, patterns: readonly string[]): Uint8Array {
  const { layout } = machine;
  const table = new Uint8Array(objectCount(machine));
  for (const pattern of patterns) {
    if (pattern === FRAMES) {
      table.fill(1, layout.size, machine.words.length);
      continue;
    }
    const matches = matcher(pattern);
    let count = 0;
    for (let word = 0; word < layout.size; word++) {
      if (!matches.test(layout.nameOf(word) as string)) continue;
      table[word] = 1;
      count++;
    }
    if (count === 0) {
      const hint = didYouMean(pattern, headsOf(machine)) || examples(machine);
      throw new UsageError(`${pattern} names nothing${hint}`);
    }
  }
  return table;
}

function matcher(pattern: string): RegExp {
  const text = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${text}(?=$|[.[])`);
}

/** The beginnings of all names. */
function headsOf({ layout }: Machine): ReadonlySet<string> {
  const heads = new Set<string>();
  for (let word = 0; word < layout.size; word++) {
    heads.add((layout.nameOf(word) as string).replace(/[.[].*/, ''));
  }
  return heads;
}

/** What there is to name, in a few words. */
function examples(machine: Machine): string {
  const heads = headsOf(machine);
  const some = [...heads].slice(0, 12).join(', ');
  return `; there are ${some}${heads.size > 12 ? ', …' : ''}`;
}

/** The locks among the words that a table names. */
export function locksIn(machine: Machine, table: Uint8Array): number[] {
  const { layout } = machine;
  const locks: number[] = [];
  for (let word = 0; word < layout.size; word++) {
    if (table[word] === 1 && /(^|\.)lock$/.test(layout.nameOf(word) as string)) locks.push(word);
  }
  return locks;
}
