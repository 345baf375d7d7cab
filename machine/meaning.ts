import { broken } from './invariant.ts';
import type { Address } from './operands.ts';
import { SEND } from './operation.ts';
import { comparesFirst, TRAITS } from './traits.ts';

/** Hears what operations mean, so that `tell` alone takes them apart. On the current thread and CPU. */
export interface Listener {
  /** @param how MARKED, ATOMIC, or 0 */
  load(word: Address, how: number, value: number): void;
  store(word: Address, value: number): void;
  /** A store to an atomic cell. */
  storeAtomic(word: Address, value: number): void;
  /** A store of a byte of that word. */
  storeByte(word: Address): void;
  /** A read-modify-write; `stores` is false for a comparison that failed. */
  modify(word: Address, stores: boolean): void;
  take(lock: Address): void;
  drop(lock: Address): void;
  /** As an atomic cell: learns what others told at that word, tells what it knows itself, or both. */
  order(word: Address, learns: boolean, tells: boolean): void;
  /** Adds what it knows to what others told there. */
  add(word: Address): void;
  /** Semaphores. */
  down(word: Address): void;
  post(word: Address): void;
  /** Conditions: a wait begins, and is over. */
  wait(condition: Address): void;
  woken(condition: Address): void;
  signal(condition: Address, all: boolean): void;
  /** Wakes a thread for no reason. */
  rouse(condition: Address): void;
  /** Translations of an address space are forgotten. */
  flush(asid: number): void;
}

/** An array, as the rows of TRAITS have too many shapes for a property to be read quickly. */
const MEANS = TRAITS.map(({ means }) => means);

/**
 * Tells what an operation did, other than a user access or a context switch.
 *
 * Orders are those that the C++ and Rust standard libraries promise: who ends to read is before who
 * writes, not before who reads; a send is before its receive, and that before the send that takes its
 * place (the Go memory model). Of a barrier all that came before count, those of its next round, too:
 * that can only hide a race.
 */
export function tell(
  to: Listener,
  words: Int32Array,
  kind: number,
  a: number,
  b: number,
  answer: number,
): void {
  switch (MEANS[kind]) {
    case 'load':
      to.load(a, b, answer);
      break;
    case 'store':
      to.store(a, b);
      break;
    case 'take':
      to.take(a);
      break;
    case 'drop':
      to.drop(a);
      break;
    case 'modify':
      // What compares and stores answers what it found.
      to.modify(a, !comparesFirst(kind) || answer === b);
      break;
    case undefined:
      break;
    default:
      tellOfParts(to, words, kind, a, b, answer);
  }
}

/** What bare programs have besides locks and plain words. */
function tellOfParts(
  to: Listener,
  words: Int32Array,
  kind: number,
  a: number,
  b: number,
  answer: number,
): void {
  switch (MEANS[kind]) {
    case 'byteStore':
      to.storeByte(a >> 2);
      break;
    case 'atomicStore':
      to.storeAtomic(a, b);
      break;
    case 'try':
      if (answer === 1) to.take(a);
      break;
    case 'writeLock':
      to.take(a);
      // What who read before has left there.
      to.order(a + 1, true, false);
      break;
    case 'readUnlock':
      to.add(a + 1);
      break;
    case 'learn':
      to.order(a, true, false);
      break;
    case 'tell':
      to.order(a, false, true);
      break;
    case 'add':
      to.add(a);
      break;
    case 'meet':
      to.add(a);
      if (answer === 1) to.order(a, true, false);
      break;
    case 'place': {
      // A place orders who fills it and who empties it, in turn.
      const count = words[a] as number;
      const first = words[a + 1] as number;
      const place = kind === SEND ? first + count - 1 : first - 1 + b;
      to.order(a + 2 + (place % b), true, true);
      break;
    }
    default:
      tellOfWaits(to, kind, a, b);
  }
}

/** Semaphores, conditions, and what concerns one CPU. */
function tellOfWaits(to: Listener, kind: number, a: number, b: number): void {
  switch (MEANS[kind]) {
    case 'down':
      to.down(a);
      break;
    case 'post':
      to.post(a);
      break;
    case 'wait':
      to.drop(b);
      to.wait(a);
      break;
    case 'woken':
      to.woken(a);
      to.take(b);
      break;
    case 'signal':
      to.signal(a, false);
      break;
    case 'broadcast':
      to.signal(a, true);
      break;
    case 'rouse':
      to.rouse(a);
      break;
    case 'flush':
      to.flush(a);
      break;
    default:
      broken(`operation ${kind} means nothing that is told`);
  }
}
