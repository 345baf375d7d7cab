import { Kernel } from '../../kernel/kernel.ts';
import { PARAM } from '../../kernel/param.ts';
import type { ChoicePoint, Scheduler, Thread } from '../../machine/index.ts';
import { PROGRAMS } from '../../user/programs/index.ts';

/** Two CPUs in strict alternation, three steps each: depends on nothing but the guest. */
const alternating: Scheduler = {
  choose(point: ChoicePoint): Thread {
    point.lease = 3;
    return point.enabled[point.step % point.enabledCount] as Thread;
  },
};

let known: string | undefined;

/**
 * Names the behaviour of this kernel: a digest of its state after one fixed run, and that run's
 * length in operations.
 *
 * Behaviour rather than source text, so that a comment does not make traces foreign, and installed
 * packages and checkouts agree. A change that this run does not reach is noticed by the replay's
 * own checks instead. Computed once a process, in a few milliseconds.
 */
export function fingerprint(): string {
  if (known !== undefined) return known;
  const param = { ...PARAM, ncpu: 2, nproc: 8, frames: 128, nshm: 4, noshm: 4, nshmpg: 4 };
  const programs = new Map(Object.entries(PROGRAMS).map(([name, entry]) => [name, entry.program]));
  const argv = ['shmtest', 'fingerprint', '8192', '3'];
  const k = new Kernel({ ...param, tickInterval: 500, stepsMax: 100_000 }, programs, [
    { name: 'shmtest', argv },
  ]);
  const ending = k.run(alternating);
  const digest = k.m.memory.digest(k.m.step).toString(16).padStart(8, '0');
  known = `${digest}-${k.m.step}-${ending}`;
  return known;
}
