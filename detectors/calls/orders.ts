/** A call with the time that it took. Times are numbers of events. */
export interface Timed<Call> {
  readonly call: Call;
  readonly start: number;
  /** Infinity while nobody has seen its end. */
  readonly end: number;
  /** When it probably took effect, between start and end. */
  readonly hint: number;
}

/** What a family of calls does when one happens after the other. */
export interface Model<Call> {
  /** Does the call. Answers whether its result is what it has to be now; if not, nothing changed. */
  apply(call: Call): boolean;
  copy(): Model<Call>;
  /** Equal texts are equal states. */
  describe(): string;
}

/** Calls of an execution that are kept; one that makes more is not judged. */
export const KEPT = 4096;

/** Most calls that are searched for an order, and most states that are looked at. */
const CALLS = 48;
const STATES = 20_000;

/** What is known of a history: an order explains it, none does, or it is too much to say. */
export type Verdict<Call> =
  | { readonly kind: 'explained' }
  | {
      readonly kind: 'unexplained';
      readonly order: readonly Timed<Call>[];
      readonly culprit: Timed<Call>;
    }
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
export function judge<Call>(
  calls: readonly Timed<Call>[],
  fresh: () => Model<Call>,
): Verdict<Call> {
  const guess = [...calls].sort((a, b) => a.hint - b.hint);
  const model = fresh();
  if (guess.every(({ call }) => model.apply(call))) return { kind: 'explained' };
  if (calls.length > CALLS) {
    return { kind: 'capped', why: `${calls.length} calls are too many to order (${CALLS})` };
  }
  const ended = [...calls].sort((a, b) => a.end - b.end);
  let order: readonly Timed<Call>[] = [];
  for (let n = 1; n <= ended.length; n++) {
    const search = new Search(guess, new Set(ended.slice(0, n)));
    if (!search.from(fresh(), [])) {
      if (search.states >= STATES) {
        return { kind: 'capped', why: `no order found within ${STATES} states` };
      }
      return { kind: 'unexplained', order, culprit: ended[n - 1] as Timed<Call> };
    }
    order = search.order;
  }
  return { kind: 'explained' };
}

class Search<Call> {
  states = 0;
  order: readonly Timed<Call>[] = [];
  private readonly calls: readonly Timed<Call>[];
  /** Calls that the order must have; others may take part. */
  private readonly needed: ReadonlySet<Timed<Call>>;
  private readonly visited = new Set<string>();

  constructor(calls: readonly Timed<Call>[], needed: ReadonlySet<Timed<Call>>) {
    this.calls = calls;
    this.needed = needed;
  }

  /** Whether an order exists that begins with these calls, which led to this state. */
  from(model: Model<Call>, done: readonly Timed<Call>[]): boolean {
    const left = this.calls.filter((call) => !done.includes(call));
    const due = left.filter((call) => this.needed.has(call));
    if (due.length === 0) {
      this.order = done;
      return true;
    }
    const key = `${left.map((call) => this.calls.indexOf(call)).join()}|${model.describe()}`;
    if (this.visited.has(key)) return false;
    this.visited.add(key);
    if (++this.states >= STATES) return false;
    const firstEnd = Math.min(...left.map(({ end }) => end));
    for (const timed of left) {
      if (timed.start > firstEnd) continue;
      const next = model.copy();
      if (next.apply(timed.call) && this.from(next, [...done, timed])) return true;
    }
    return false;
  }
}

/** Title and lines of a finding: the call that no order explains, and those that have one. */
export function unexplained<Call>(
  verdict: Verdict<Call> & { readonly kind: 'unexplained' },
  calls: readonly Timed<Call>[],
  words: (call: Call) => string,
): { readonly title: string; readonly detail: readonly string[] } {
  const { order } = verdict;
  const culprit = words(verdict.culprit.call);
  return {
    title: `not linearizable: no order of the calls explains ${culprit}`,
    detail: [
      order.length === 1
        ? 'one call ended before it:'
        : `${order.length} calls that ended before it have an order, for example:`,
      ...order.map(({ call }) => `  ${words(call)}`),
      `with ${culprit} there is none; all ${calls.length} calls, as they began:`,
      ...calls.map(({ call, start, end }) => `  ${words(call)}  [${start}, ${end}]`),
    ],
  };
}
