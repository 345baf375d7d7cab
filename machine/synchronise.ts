import type { Driver } from './driver.ts';
import { broken, invariant } from './invariant.ts';
import type { Address } from './operands.ts';
import * as op from './operation.ts';
import { NotHolder } from './program-error.ts';
import type { Thread } from './thread.ts';

/** Mutexes, semaphores and condition variables of bare programs. */
export function synchronise(m: Driver, kind: number, a: number, b: number): number | undefined {
  const { current, words } = m;
  switch (kind) {
    case op.MUTEX_LOCK:
      invariant(words[a] === 0, 'a mutex is taken only while it is free');
      words[a] = current.id + 1;
      return 0;
    case op.MUTEX_UNLOCK:
      unlock(m, a);
      return 0;
    case op.SEM_WAIT:
      invariant((words[a] as number) > 0, 'a semaphore is never negative');
      words[a] = (words[a] as number) - 1;
      return 0;
    case op.SEM_POST:
      words[a] = (words[a] as number) + 1;
      m.wakeWaiting();
      return 0;
    case op.COND_WAIT:
      unlock(m, b);
      words[a] = (words[a] as number) + 1;
      current.ticket = m.nextTicket();
      current.kind = op.COND_WAKE;
      current.a = a;
      current.b = b;
      return undefined;
    case op.COND_WAKE:
      invariant(words[b] === 0, 'a mutex is taken only while it is free');
      words[b] = current.id + 1;
      return 0;
    case op.COND_SIGNAL:
      signal(m, a, 1);
      return 0;
    default:
      signal(m, a, words[a] as number);
      return 0;
  }
}

export function unlock(m: Driver, mutex: Address): void {
  const owner = (m.words[mutex] as number) - 1;
  if (owner !== m.current.id) {
    const name = m.layout.nameOf(mutex) ?? 'mutex';
    const held = owner < 0 ? 'no thread holds it' : `${m.threads[owner]?.name} holds it`;
    throw m.fail(new NotHolder(`${m.current.name} unlocks ${name}, but ${held}`));
  }
  m.words[mutex] = 0;
  m.wakeWaiting();
}

/** Wakes up to `count` waiters, those that wait longest first. */
function signal(m: Driver, condition: Address, count: number): void {
  for (let i = 0; i < count && (m.words[condition] as number) > 0; i++) {
    let oldest: Thread | null = null;
    for (const thread of m.threads) {
      const waits = thread.kind === op.COND_WAKE && thread.a === condition && thread.ticket > 0;
      if (waits && (oldest === null || thread.ticket < oldest.ticket)) oldest = thread;
    }
    invariant(oldest !== null, 'a counted waiter exists');
    oldest.ticket = 0;
    m.words[condition] = (m.words[condition] as number) - 1;
  }
  m.wakeWaiting();
}

/** The other parts of bare programs. */
export function useParts(
  m: Driver,
  kind: number,
  a: number,
  b: number,
  c: number,
): number | undefined {
  const { current, words } = m;
  const value = words[a] as number;
  switch (kind) {
    case op.MUTEX_TRY:
    case op.ONCE_ENTER:
      if (value !== 0) return 0;
      words[a] = current.id + 1;
      return 1;
    case op.READ_LOCK:
      words[a] = value - 1;
      return 0;
    case op.WRITE_LOCK:
      words[a] = current.id + 1;
      return 0;
    case op.PARK:
      words[a] = 0;
      return 0;
    case op.TASK_BEGIN:
    case op.TASK_JOIN:
      return 0;
    case op.BARRIER_ARRIVE:
      return arrive(m, a, b);
    case op.BARRIER_PASS:
      return 0;
    case op.COND_SPURIOUS:
      signal(m, a, 1);
      return 0;
    case op.DRAW:
      words[a] = 1;
      current.kind = op.DRAWN;
      current.a = a;
      return undefined;
    case op.DRAWN:
      words[a] = 0;
      m.wakeWaiting();
      return value - 1;
    case op.DRAW_MORE:
      words[a] = value + 1;
      return 0;
    case op.RECEIVE:
      return receive(m, a, b);
    case op.READ_UNLOCK:
      if (value >= 0) throw notHolder(m, a, 'ends to read', 'no thread reads it');
      words[a] = value + 1;
      break;
    case op.WRITE_UNLOCK:
    case op.ONCE_LEAVE:
      if (value !== current.id + 1) throw notHolder(m, a, 'leaves', 'it did not enter');
      words[a] = kind === op.WRITE_UNLOCK ? 0 : -1;
      break;
    case op.SEND:
      words[a + 2 + (((words[a + 1] as number) + value) % b)] = c;
      words[a] = value + 1;
      break;
    case op.UNPARK:
      words[a] = 1;
      break;
    case op.TASK_START:
      if (value !== 0) throw notHolder(m, a, 'starts', 'it was started before');
      words[a] = 1;
      break;
    case op.TASK_END:
      words[a] = 2;
      break;
    default:
      broken(`operation ${kind} is of no part`);
  }
  m.wakeWaiting();
  return 0;
}

function notHolder(m: Driver, a: Address, does: string, but: string): unknown {
  const name = m.layout.nameOf(a) ?? '';
  return m.fail(new NotHolder(`${m.current.name} ${does} ${name}, but ${but}`));
}

/** The last lets all go on; the others wait for it. */
function arrive(m: Driver, a: Address, count: number): number | undefined {
  const { current, words } = m;
  if ((words[a] as number) + 1 < count) {
    words[a] = (words[a] as number) + 1;
    current.ticket = m.nextTicket();
    current.kind = op.BARRIER_PASS;
    current.a = a;
    return undefined;
  }
  words[a] = 0;
  for (const thread of m.threads) {
    if (thread.kind === op.BARRIER_PASS && thread.a === a) thread.ticket = 0;
  }
  m.wakeWaiting();
  return 1;
}

function receive(m: Driver, a: Address, places: number): number {
  const { words } = m;
  const place = words[a + 1] as number;
  words[a] = (words[a] as number) - 1;
  words[a + 1] = (place + 1) % places;
  m.wakeWaiting();
  return words[a + 2 + place] as number;
}
