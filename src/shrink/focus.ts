import { NO_GUARD } from '../../machine/index.ts';
import type { Stage } from '../stage.ts';
import { type Event, EventLog } from './event-log.ts';
import type { Failing, Trials } from './trials.ts';

/** Objects that a finding is about, and the locks that guard them. */
export function subjectMatter({ finding }: Failing, { machine }: Stage): Set<number> {
  const { words = [], locks = [] } = finding.about ?? {};
  const { guards } = machine.layout;
  const guarding = words.map((word) => guards[word] ?? NO_GUARD);
  return new Set([...words, ...locks, ...guarding.filter((lock) => lock !== NO_GUARD)]);
}

/**
 * Objects that the preemptions of an execution are about: what the preempted lane needed of the
 * others when it went on. Takes an execution.
 */
export function bonesOfContention(trials: Trials, { list, stretches }: Failing): number[] {
  const log = new EventLog(list);
  trials.execute(log);
  const objects = new Set<number>();
  for (const [i, { preempts, from }] of stretches.entries()) {
    const lane = stretches[i - 1]?.lane;
    if (preempts && lane !== undefined) add(objects, log.events, lane, from);
  }
  return [...objects];
}

/** Adds what the first operation of a lane shares with those of others, since that step, that it needs. */
function add(to: Set<number>, events: readonly Event[], lane: number, since: number): void {
  const first = events.findIndex(({ step }) => step >= since);
  for (const event of events.slice(first)) {
    if (event.lane !== lane) continue;
    const needed = event.needs.filter((need) => need >= first && events[need]?.lane !== lane);
    for (const need of needed) {
      for (const object of event.objects) {
        if (events[need]?.objects.includes(object)) to.add(object);
      }
    }
    if (needed.length > 0) return;
  }
}
