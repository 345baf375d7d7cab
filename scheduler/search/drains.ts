import {
  type ChoicePoint,
  fillsBuffer,
  isDrain,
  isFence,
  objectOf,
  passesBuffer,
  type Thread,
  type TouchCode,
} from '../../machine/index.ts';
import type { History } from './history.ts';
import type { View } from './view.ts';

/** A store that went into a buffer. */
interface Push {
  readonly step: number;
  /** The last event of its CPU before it; -1 for none. */
  readonly after: number;
}

/**
 * What a search must know of store buffers, where there are any.
 *
 * A store goes into its CPU's buffer unseen by others, so it is no event. That it reaches memory is one,
 * in the lane of the buffer, after all that the CPU did before the store. What waits for the buffer to be
 * empty comes after all that left it. Neither order can be the other way round, so these are no races. So
 * the traces are those of Abdulla, Aronis, Atig, Jonsson, Leonardsson and Sagonas (Stateless Model Checking
 * for TSO and PSO, TACAS 2015), but that they do not tell apart whether a thread that loads its own
 * store does so before or after it reaches memory, where nobody else's store to the word is in between;
 * here that makes two.
 */
export class Drains {
  private readonly cpus: number;
  private readonly slots: number;
  /** By lane of a buffer. */
  private readonly pushes: Push[][];
  private readonly found: number[] = [];

  constructor({ cpus, lanes }: ChoicePoint) {
    this.cpus = cpus.length;
    this.slots = lanes / cpus.length - 2;
    this.pushes = Array.from({ length: lanes }, () => []);
  }

  /** Whether stores wait in buffers there. */
  static has({ cpus, lanes }: ChoicePoint): boolean {
    return lanes > 2 * cpus.length;
  }

  /** As View.look: what an operation touches that others can tell. */
  look(point: ChoicePoint, thread: Thread, view: View): number {
    const count = view.look(point, thread);
    if (fillsBuffer(thread.kind)) return 0;
    // An event, though it touches nothing of others: what follows it comes after what it waited for.
    if (isFence(thread.kind)) return count;
    const buffers = point.words.length + 1 + point.threads.length;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const code = view.codes[i] as TouchCode;
      if (objectOf(code) < buffers) view.codes[kept++] = code;
    }
    return kept;
  }

  /** Forgets stores from a step on: they are performed again. */
  truncate(step: number): void {
    for (const pushes of this.pushes) {
      while (pushes.length > 0 && (pushes.at(-1) as Push).step >= step) pushes.pop();
    }
  }

  /** An operation that is no event is about to be performed. */
  local(point: ChoicePoint, { kind, a, cpu }: Thread, events: History): void {
    if (!fillsBuffer(kind) || cpu === null) return;
    const lane = this.laneOf(cpu.id, this.slots === 1 ? 0 : a);
    this.pushes[lane]?.push({ step: point.step, after: events.lastOf(cpu.id) });
  }

  /** The events that an operation, about to be one, cannot come before, besides its lane's; reused. */
  before(lane: number, { kind, cpu }: Thread, events: History): readonly number[] {
    const { found } = this;
    found.length = 0;
    if (isDrain(kind)) {
      const push = this.pushes[lane]?.[events.countOf(lane)];
      if (push !== undefined && push.after >= 0) found.push(push.after);
    } else if (!passesBuffer(kind) && cpu !== null) {
      for (let slot = 0; slot < this.slots; slot++) {
        const last = events.lastOf(this.laneOf(cpu.id, slot));
        if (last >= 0) found.push(last);
      }
    }
    return found;
  }

  private laneOf(cpu: number, slot: number): number {
    return 2 * this.cpus + cpu * this.slots + slot;
  }
}
