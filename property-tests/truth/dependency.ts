import type { Machine } from '../../machine/machine.ts';
import type { Address } from '../../machine/operands.ts';
import * as op from '../../machine/operation.ts';
import type { Thread } from '../../machine/thread.ts';
import { OPERATION_NAMES } from '../../machine/traits.ts';

/**
 * Which operations of a bare program depend on each other, stated for the truth that explorers are
 * checked against and shared with none of them.
 *
 * Two operations are dependent when they are of one thread, or when both access one thing and at
 * least one of the accesses writes:
 *
 * - load reads its cell; store, exchange and fetchAdd, And, Or and Xor write it, whatever the value; compareExchange
 *   writes it when it succeeds and reads it when it fails.
 * - lock and unlock write their mutex; wait and post write their semaphore.
 * - the wait at a condition variable writes the condition and its mutex; the wake-up that ends it
 *   writes the mutex and comes after the signal that woke its thread.
 * - signal and broadcast write the condition when somebody waits, and read it when nobody does.
 * - all operations of a readers–writer lock, a channel or a parker write it; tryLock and the entry into a
 *   once write theirs when they take it, and read it when not; start and end of a task write it, its
 *   beginning and join read it.
 * - who comes to a barrier writes it; the last comes before the others go on.
 * - the start of a thread accesses nothing.
 *
 * Executions are equivalent (one Mazurkiewicz trace) when exchanging neighbours that are not
 * dependent leads from one to the other. What an operation accesses may hang on the state (a
 * compareExchange that fails); in equivalent executions it finds the same state of what it accesses.
 */
export interface Access {
  /** A word of memory, or `wakeUpOf(lane)`. */
  readonly what: number;
  readonly writes: boolean;
}

export interface Event {
  readonly lane: number;
  readonly accesses: readonly Access[];
}

export function areDependent(e: Event, f: Event): boolean {
  if (e.lane === f.lane) return true;
  return e.accesses.some((x) =>
    f.accesses.some((y) => x.what === y.what && (x.writes || y.writes)),
  );
}

/** What ties a wake-up to the signal before it: a thing of its own, which both write. */
const wakeUpOf = (lane: number) => -1 - lane;

const wakeUp = (lane: number): Access => writes(wakeUpOf(lane));

const reads = (what: number): Access => ({ what, writes: false });
const writes = (what: number): Access => ({ what, writes: true });

/** Who waits at which condition variable, in the order of waiting: signals wake the first. */
export class Waiters {
  private readonly queues = new Map<Address, number[]>();

  of(condition: Address): readonly number[] {
    return this.queues.get(condition) ?? [];
  }

  /** Takes note of an operation that is about to be performed. */
  perform({ kind, a, b }: Thread, lane: number): void {
    if (kind === op.COND_WAIT) this.queues.set(a, [...this.of(a), lane]);
    if (kind === op.COND_SIGNAL || kind === op.COND_SPURIOUS)
      this.queues.set(a, this.of(a).slice(1));
    if (kind === op.COND_BROADCAST) this.queues.set(a, []);
    if (kind === op.BARRIER_ARRIVE) {
      const all = [...this.of(a), lane];
      this.queues.set(a, all.length === b ? [] : all);
    }
  }
}

/** What the announced operation of a thread would access if it were performed now. */
export function accesses(
  machine: Machine,
  { kind, a, b }: Thread,
  lane: number,
  waiters: Waiters,
): readonly Access[] {
  switch (kind) {
    case op.LOAD:
      return [reads(a)];
    case op.COMPARE_EXCHANGE:
      return [machine.words[a] === b ? writes(a) : reads(a)];
    case op.STORE:
    case op.ATOMIC_STORE:
    case op.FETCH_ADD:
    case op.FETCH_AND:
    case op.FETCH_OR:
    case op.FETCH_XOR:
    case op.EXCHANGE:
    case op.MUTEX_LOCK:
    case op.MUTEX_UNLOCK:
    case op.SEM_WAIT:
    case op.SEM_POST:
    case op.READ_LOCK:
    case op.READ_UNLOCK:
    case op.WRITE_LOCK:
    case op.WRITE_UNLOCK:
    case op.SEND:
    case op.RECEIVE:
    case op.PARK:
    case op.UNPARK:
    case op.ONCE_LEAVE:
    case op.DRAW:
    case op.DRAWN:
    case op.DRAW_MORE:
    case op.TASK_START:
    case op.TASK_END:
      return [writes(a)];
    case op.MUTEX_TRY:
    case op.ONCE_ENTER:
      return [machine.words[a] === 0 ? writes(a) : reads(a)];
    case op.TASK_BEGIN:
    case op.TASK_JOIN:
      return [reads(a)];
    case op.BARRIER_ARRIVE: {
      const before = waiters.of(a);
      return [writes(a), ...(before.length + 1 === b ? before.map(wakeUp) : [])];
    }
    case op.BARRIER_PASS:
      return [wakeUp(lane)];
    case op.COND_WAIT:
      return [writes(a), writes(b)];
    case op.COND_WAKE:
      return [writes(b), writes(wakeUpOf(lane))];
    case op.COND_SIGNAL:
    case op.COND_SPURIOUS:
      return signalled(a, waiters.of(a).slice(0, 1));
    case op.COND_BROADCAST:
      return signalled(a, waiters.of(a));
    default:
      throw new Error(`operation ${OPERATION_NAMES[kind]} has no place in a bare program`);
  }
}

function signalled(condition: Address, woken: readonly number[]): Access[] {
  if (woken.length === 0) return [reads(condition)];
  return [writes(condition), ...woken.map((lane) => writes(wakeUpOf(lane)))];
}
