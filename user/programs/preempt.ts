import {
  type Context,
  close,
  exit,
  fork,
  HEAP,
  kill,
  type Part,
  pipe,
  readString,
  wait,
  writeString,
} from '../ulib.ts';
import { verdict } from '../verdict.ts';

/** Loads that a child spins for if nobody kills it: it ends on a machine without timers, too. */
const SPINS = 1500;

/** Only the timer takes its CPU. */
function* spin(u: Context): Part<void> {
  for (let i = 0; i < SPINS; i++) u.load(HEAP) ?? (yield);
}

/**
 * preempt: two children spin, a third writes to a pipe and spins; the parent hears of it and kills
 * them all (xv6 usertests preempt).
 */
export function* preempt(u: Context): Part<number> {
  const ends = yield* pipe(u);
  if (ends === undefined) return yield* verdict(u, 'preempt', 'pipe failed', '');
  const children: number[] = [];
  for (let i = 0; i < 3; i++) {
    const pid = fork(u) ?? (yield);
    if (pid === 0) {
      if (i === 2) yield* writeString(u, ends.writes, 'x');
      yield* spin(u);
      exit(u, 0) ?? (yield);
    }
    if (pid > 0) children.push(pid);
  }
  close(u, ends.writes) ?? (yield);
  const heard = children.length === 3 ? yield* readString(u, ends.reads, 1) : '';
  for (const pid of children) kill(u, pid) ?? (yield);
  for (const _ of children) wait(u) ?? (yield);
  const wrong = heard === 'x' ? undefined : 'a fork or the read failed';
  return yield* verdict(u, 'preempt', wrong, 'three that spin were killed');
}
