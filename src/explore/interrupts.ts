import type { Interrupt, InterruptedDpor } from '../../scheduler/search/interrupted.ts';
import { UsageError } from '../errors.ts';
import type { Stage } from '../stage/stage.ts';

/** Traces without an interrupt, at most, to look for the places where one may come. */
const TRACES_MAX = 50_000;

/**
 * Every place where a timer may interrupt, by what a search with an interrupt there covers; the first
 * is that without any. They are found by a search that goes through all executions without one.
 *
 * @throws UsageError when that are too many.
 */
export function interruptsOf(
  stage: Stage,
  search: InterruptedDpor,
): ReadonlyMap<string, Interrupt | undefined> {
  const { program } = stage.subject;
  stage.watch({ detectors: [] });
  do {
    if (search.traces >= TRACES_MAX) {
      throw new UsageError(`${program} has more than ${TRACES_MAX} traces without an interrupt`);
    }
    stage.execute(search, 0);
  } while (search.next());
  const all = new Map<string, Interrupt | undefined>([['no timer interrupts', undefined]]);
  for (const [cpu, places] of search.places.entries()) {
    for (const after of [...places].sort((a, b) => a - b)) {
      all.set(`a timer interrupt of CPU ${cpu} after its operation ${after}`, { cpu, after });
    }
  }
  return all;
}
