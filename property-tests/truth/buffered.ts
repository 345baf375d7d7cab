import * as op from '../../machine/operation.ts';
import type { Observer } from '../../machine/seam.ts';
import type { Search } from '../../scheduler/search.ts';
import type { Model } from './model.ts';

/** What a search came upon in a program whose stores wait in buffers. */
export interface Buffered {
  /** By trace, how many executions had it. */
  readonly traces: ReadonlyMap<string, number>;
  /** What threads saw, memory at the end, and who is blocked. */
  readonly ends: ReadonlySet<string>;
}

/**
 * Runs a search to its end. The trace of an execution is told from what the machine tells who watches,
 * so that nothing depends on what the search thinks of it: for each word, the stores that reach it in
 * order, and the loads between two of them. Programs with conditions have no traces here.
 *
 * @returns undefined if it takes more than `executionsMax` executions.
 */
export function exploreBuffered(
  { program, outcome }: Model,
  search: Search,
  executionsMax: number,
): Buffered | undefined {
  const { machine } = program;
  const traces = new Map<string, number>();
  const ends = new Set<string>();
  const order = new Order();
  machine.observer = {
    performed: (kind, a, b, _c, answer) => order.performed(machine.current.id, kind, a, b, answer),
    drained: (cpu, address) => order.note(`drain ${cpu} of ${address}`, address, true),
    accessed: () => undefined,
    switching: () => undefined,
  } satisfies Observer;
  let executions = 0;
  do {
    if (executions++ === executionsMax) return undefined;
    order.begin();
    search.begin(0, machine.lanes);
    if (program.run(search) === 'stopped') continue;
    const key = order.key();
    traces.set(key, (traces.get(key) ?? 0) + 1);
    const blocked = program.blocked().map(({ thread, operation }) => `${thread}: ${operation}`);
    ends.add([outcome(), program.digest(), ...blocked].join('; '));
  } while (search.next());
  return { traces, ends };
}

/** By word, what was done to it: stores in order, and loads, whose order does not matter, between. */
class Order {
  private readonly words = new Map<number, string[][]>();
  private readonly counts = new Map<string, number>();

  begin(): void {
    this.words.clear();
    this.counts.clear();
  }

  performed(thread: number, kind: number, a: number, b: number, answer: number): void {
    // What goes into a buffer is seen when it leaves it; a fence touches no word.
    if (kind === op.STORE || kind === op.START || kind === op.FENCE) return;
    const fails = kind === op.COMPARE_EXCHANGE && answer !== b;
    this.note(`thread ${thread}`, a, kind !== op.LOAD && !fails);
  }

  note(lane: string, word: number, writes: boolean): void {
    const count = (this.counts.get(lane) ?? 0) + 1;
    this.counts.set(lane, count);
    const groups = this.words.get(word) ?? [[]];
    this.words.set(word, groups);
    const name = `${lane}.${count}`;
    if (writes) groups.push([name], []);
    else groups.at(-1)?.push(name);
  }

  key(): string {
    const words = [...this.words].sort(([a], [b]) => a - b);
    return words.map(([word, groups]) => `${word}: ${text(groups)}`).join('; ');
  }
}

function text(groups: readonly string[][]): string {
  return groups.map((group) => [...group].sort().join(' ')).join(' | ');
}
