import { NO_GUARD } from '../../machine/index.ts';
import type { Stage } from '../stage/stage.ts';
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
 * Objects that the preemptions of an execution are about, those of most preemptions first: what the
 * preempted lane needed of the others when it went on. Takes an execution.
 */
export function bonesOfContention(trials: Trials, { list, stretches }: Failing): number[] {
  const log = new EventLog(list);
  trials.execute(log);
  const counts = new Map<number, number>();
  for (const [i, { preempts, from }] of stretches.entries()) {
    const lane = stretches[i - 1]?.lane;
    if (!preempts || lane === undefined) continue;
    for (const object of shared(log.events, lane, from)) {
      counts.set(object, (counts.get(object) ?? 0) + 1);
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([object]) => object);
}

/** What the first operation of a lane that needs one of the others' since that step shares with it. */
function shared(events: readonly Event[], lane: number, since: number): Set<number> {
  const first = events.findIndex(({ step }) => step >= since);
  for (const event of events.slice(first)) {
    if (event.lane !== lane) continue;
    const needed = event.needs.filter((need) => need >= first && events[need]?.lane !== lane);
    if (needed.length === 0) continue;
    const theirs = needed.flatMap((need) => events[need]?.objects ?? []);
    return new Set(event.objects.filter((object) => theirs.includes(object)));
  }
  return new Set();
}
