import {
  BARRIER_ARRIVE,
  COND_SPURIOUS,
  DRAW,
  DRAW_MORE,
  DRAWN,
  MUTEX_TRY,
  ONCE_LEAVE,
  READ_UNLOCK,
  RECEIVE,
  SEND,
  TASK_END,
  TASK_START,
  UNPARK,
  WRITE_LOCK,
  WRITE_UNLOCK,
} from '../machine/index.ts';

/** Whoever tells detectors what an operation means to them. */
export interface PartWatch {
  took(lock: number): void;
  letGo(lock: number): void;
  added(address: number): void;
  ordered(address: number, reads: boolean, writes: boolean): void;
}

/**
 * What an operation of a readers–writer lock, a barrier, a channel and the like orders, as the C++ and
 * Rust standard libraries promise it: who ends to read is before who writes, not before who reads; a send
 * is before its receive, and that before the send that takes its place (the Go memory model). Of
 * a barrier all that came before count, those of its next round, too: that can only hide a race.
 */
export function usePart(
  watch: PartWatch,
  words: Int32Array,
  kind: number,
  a: number,
  b: number,
  answer: number,
): void {
  switch (kind) {
    case MUTEX_TRY:
      if (answer === 1) watch.took(a);
      break;
    case WRITE_LOCK:
      watch.took(a);
      watch.ordered(a + 1, true, false);
      break;
    case WRITE_UNLOCK:
      watch.letGo(a);
      break;
    case READ_UNLOCK:
      watch.added(a + 1);
      break;
    case SEND:
    case RECEIVE: {
      // A place orders who fills it and who empties it, in turn.
      const [count, first] = [words[a] as number, words[a + 1] as number];
      const place = kind === SEND ? first + count - 1 : first - 1 + b;
      watch.ordered(a + 2 + (place % b), true, true);
      break;
    }
    case BARRIER_ARRIVE:
      watch.added(a);
      if (answer === 1) watch.ordered(a, true, false);
      break;
    case UNPARK:
      watch.added(a);
      break;
    case COND_SPURIOUS:
    case DRAW:
    case DRAWN:
    case DRAW_MORE:
      break;
    case ONCE_LEAVE:
    case TASK_START:
    case TASK_END:
      watch.ordered(a, false, true);
      break;
    default:
      watch.ordered(a, true, false);
  }
}
