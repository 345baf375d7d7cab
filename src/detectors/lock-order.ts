import type { Kernel } from '../../kernel/kernel.ts';
import { type Detector, type DetectorKind, found, here } from './detector.ts';
import { HeldLocks } from './held-locks.ts';

/** One order in which two classes of lock were taken, and who did so first. */
interface Edge {
  readonly to: string;
  readonly who: string;
}

/**
 * Lock classes are taken in one order (Linux lockdep). The order is learnt over all executions of a
 * campaign: a cycle is a deadlock that some schedule has, though this one may not have had it.
 *
 * A class is all locks of one name with its numbers left out (`proc.lock`). Two locks of one class at
 * once count as a cycle of one: nothing in this kernel orders them. Can be wrong where a third lock
 * always prevents the deadlock ("gate locks"). Costs a few comparisons an acquire.
 */
class LockOrder implements Detector {
  readonly name = 'lock-order';
  private readonly k: Kernel;
  private readonly held: HeldLocks;
  private readonly classes = new Map<number, string>();
  /** Kept over executions. */
  private readonly edges = new Map<string, Edge[]>();

  constructor(k: Kernel) {
    this.k = k;
    this.held = new HeldLocks(k.m.cpus.length);
  }

  begin(): void {
    this.held.clear();
  }

  acquiring(lock: number): void {
    const held = this.held.of(this.k.m.cpu.id);
    for (const other of held) this.learn(this.classOf(other), this.classOf(lock));
  }

  acquired(lock: number): void {
    this.held.take(this.k.m.cpu.id, lock);
  }

  released(lock: number): void {
    this.held.drop(this.k.m.cpu.id, lock);
  }

  private classOf(lock: number): string {
    let name = this.classes.get(lock);
    if (name === undefined) {
      name = (this.k.m.layout.nameOf(lock) ?? `lock ${lock}`).replace(/\[\d+\]/g, '');
      this.classes.set(lock, name);
    }
    return name;
  }

  private learn(from: string, to: string): void {
    const known = this.edges.get(from);
    if (known?.some((edge) => edge.to === to)) return;
    const edge = { to, who: `${here(this.k)} takes ${to} while it holds ${from}` };
    if (known === undefined) this.edges.set(from, [edge]);
    else known.push(edge);
    const way = this.way(to, from, new Set());
    if (way === undefined) return;
    const ring = [...new Set([from, to, ...way.map((e) => e.to)])];
    const title =
      ring.length === 1
        ? `two locks of one class: ${from}`
        : `locks in a circle: ${ring.join(' → ')}`;
    const locks = [...this.classes].filter(([, name]) => ring.includes(name)).map(([lock]) => lock);
    found(this.k, this.name, title, [edge.who, ...way.map((e) => `but ${e.who}`)], { locks });
  }

  /** The edges from one class to another, none when they are the same, undefined if there is no way. */
  private way(from: string, to: string, seen: Set<string>): Edge[] | undefined {
    if (from === to) return [];
    seen.add(from);
    for (const edge of this.edges.get(from) ?? []) {
      if (seen.has(edge.to)) continue;
      const rest = this.way(edge.to, to, seen);
      if (rest !== undefined) return [edge, ...rest];
    }
    return undefined;
  }
}

export const lockOrder: DetectorKind = {
  name: 'lock-order',
  summary: 'locks are taken in a circle, even if it did not deadlock this time',
  make: (k) => new LockOrder(k),
};
