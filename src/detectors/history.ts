import type { ShmCall, ShmModel } from './shm-model.ts';

/** A call with the time that it took. Times are numbers of events, all different. */
export interface Timed extends ShmCall {
  readonly start: number;
  /** Infinity while nobody has seen its end. */
  readonly end: number;
  /** When it probably took effect, between start and end. */
  readonly hint: number;
}

/** Most calls that are searched for an order, and most states that are looked at. */
const CALLS = 48;
const STATES = 20_000;

/** What is known of a history: an order explains it, none does, or it is too much to say. */
export type Verdict =
  | { readonly kind: 'explained' }
  | { readonly kind: 'unexplained'; readonly order: readonly Timed[]; readonly culprit: Timed }
  | { readonly kind: 'capped'; readonly why: string };

/**
 * Whether some order of the calls, in which no call comes before one that had ended when it began,
 * explains all results (Wing and Gong, Testing and Verifying Concurrent Objects, 1993; with Lowe's
 * memory of visited configurations, 2017).
 *
 * Tries the order of the hints first, which is the order in which a correct kernel does the work; so
 * the search is only for histories that are wrong, or nearly. Of those it finds the longest prefix,
 * by the ends of calls, that has an order.
 */
export function judge(calls: readonly Timed[], fresh: () => ShmModel): Verdict {
  const guess = [...calls].sort((a, b) => a.hint - b.hint);
  const model = fresh();
  if (guess.every((call) => model.apply(call))) return { kind: 'explained' };
  if (calls.length > CALLS) {
    return { kind: 'capped', why: `${calls.length} calls are too many to order (${CALLS})` };
  }
  const ended = [...calls].sort((a, b) => a.end - b.end);
  let order: readonly Timed[] = [];
  for (let n = 1; n <= ended.length; n++) {
    const search = new Search(guess, new Set(ended.slice(0, n)));
    if (!search.from(fresh(), [])) {
      if (search.states >= STATES) {
        return { kind: 'capped', why: `no order found within ${STATES} states` };
      }
      return { kind: 'unexplained', order, culprit: ended[n - 1] as Timed };
    }
    order = search.order;
  }
  return { kind: 'explained' };
}

class Search {
  states = 0;
  order: readonly Timed[] = [];
  private readonly calls: readonly Timed[];
  /** Calls that the order must have; others may take part. */
  private readonly needed: ReadonlySet<Timed>;
  private readonly visited = new Set<string>();

  constructor(calls: readonly Timed[], needed: ReadonlySet<Timed>) {
    this.calls = calls;
    this.needed = needed;
  }

  /** Whether an order exists that begins with these calls, which led to this state. */
  from(model: ShmModel, done: readonly Timed[]): boolean {
    const left = this.calls.filter((call) => !done.includes(call));
    const due = left.filter((call) => this.needed.has(call));
    if (due.length === 0) {
      this.order = done;
      return true;
    }
    const key = `${left.map(({ start }) => start).join()}|${left.map(({ id }) => id).join()}|${model.describe()}`;
    if (this.visited.has(key)) return false;
    this.visited.add(key);
    if (++this.states >= STATES) return false;
    const firstEnd = Math.min(...left.map(({ end }) => end));
    for (const call of left) {
      if (call.start > firstEnd) continue;
      const next = model.copy();
      if (next.apply(call) && this.from(next, [...done, call])) return true;
    }
    return false;
  }
}
