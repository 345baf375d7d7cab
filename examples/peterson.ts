/**
 * Peterson's lock for two threads, of loads and stores alone. Whoever sets the turn before the flag
 * lets both in: the other may look between the two. `explore` proves the other order right: a loop
 * that only looks counts as waiting, and so the search comes to an end.
 *
 *     xv6-replay explore examples/peterson.ts          # p0 throws: p0 is not alone
 *     xv6-replay explore examples/peterson.ts#right    # all 12 traces were checked
 */
import { type ProgramParts, program } from 'xv6-replay';

function lock({ cell, thread }: ProgramParts, isFlagFirst: boolean) {
  const flags = [cell('flag0'), cell('flag1')] as const;
  const turn = cell('turn');
  const inside = cell('inside');
  for (const [mine, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    thread(`p${mine}`, function* () {
      if (isFlagFirst) flags[mine].store(1) ?? (yield);
      turn.store(other) ?? (yield);
      if (!isFlagFirst) flags[mine].store(1) ?? (yield);
      while ((flags[other].load() ?? (yield)) === 1 && (turn.load() ?? (yield)) === other);
      if ((inside.fetchAdd(1) ?? (yield)) > 0) throw new Error(`p${mine} is not alone`);
      inside.fetchAdd(-1) ?? (yield);
      flags[mine].store(0) ?? (yield);
    });
  }
}

// It races on purpose.
const detectors = ['check'];

export default program('Peterson, turn first', (parts) => lock(parts, false), { detectors });

export const right = program('Peterson', (parts) => lock(parts, true), { detectors });
