import { type ProgramParts, program } from 'xv6-replay';

/*
 * Three programs that rely on the order in which stores reach memory: right where that is the order of the
 * program (`--memory sc`, and `tso`), wrong where it need not be (`pso`), and right everywhere with fences.
 */

/** RCU: what is published must be whole before the pointer to it is seen. */
const publish =
  (fenced: boolean) =>
  ({ cell, thread, fence, check }: ProgramParts): void => {
    const data = cell('data');
    const pointer = cell('pointer');
    const seen = cell('seen', 1);
    thread('writer', function* () {
      data.store(1) ?? (yield);
      if (fenced) fence() ?? (yield);
      pointer.store(1) ?? (yield);
    });
    thread('reader', function* () {
      const p = pointer.load() ?? (yield);
      if (p === 1) seen.store(data.load() ?? (yield)) ?? (yield);
    });
    check(() => seen.value === 1 || 'the pointer was seen before what it points to');
  };

/** A seqlock: who saw the same even number before and after saw x and y of one update. */
const seqlock =
  (fenced: boolean) =>
  ({ cell, thread, fence, check }: ProgramParts): void => {
    const number = cell('number');
    const [x, y] = [cell('x'), cell('y')];
    const torn = cell('torn');
    thread('writer', function* () {
      number.store(1) ?? (yield);
      if (fenced) fence() ?? (yield);
      x.store(1) ?? (yield);
      y.store(1) ?? (yield);
      if (fenced) fence() ?? (yield);
      number.store(2) ?? (yield);
    });
    thread('reader', function* () {
      const before = number.load() ?? (yield);
      const a = x.load() ?? (yield);
      const b = y.load() ?? (yield);
      const after = number.load() ?? (yield);
      if (before === after && before % 2 === 0 && a !== b) torn.store(1) ?? (yield);
    });
    check(() => torn.value === 0 || 'x and y are of two updates');
  };

/** xv6's release without its __sync_synchronize: the lock is free before what it guards is stored. */
const release =
  (fenced: boolean) =>
  ({ cell, thread, fence, check }: ProgramParts): void => {
    const locked = cell('locked');
    const count = cell('count');
    const entered = cell('entered');
    for (const name of ['p', 'q']) {
      thread(name, function* () {
        const wasLocked = locked.exchange(1) ?? (yield);
        if (wasLocked === 1) return;
        const v = count.load() ?? (yield);
        count.store(v + 1) ?? (yield);
        if (fenced) fence() ?? (yield);
        locked.store(0) ?? (yield);
        entered.fetchAdd(1) ?? (yield);
      });
    }
    check(() => count.value === entered.value || `${entered.value} counted to ${count.value}`);
  };

// They race on purpose.
const options = { memory: 'pso', detectors: ['check'] } as const;

export default program('publish without a fence', publish(false), options);
export const published = program('publish', publish(true), options);
export const torn = program('seqlock without fences', seqlock(false), options);
export const sequenced = program('seqlock', seqlock(true), options);
export const early = program('release without a fence', release(false), options);
export const released = program('release', release(true), options);
