import { limitsOfSchedule, parseSchedule } from '../stage/schedule.ts';
import type { Subject } from '../stage/stage.ts';
import { limited } from '../subject/subject.ts';
import { nearestPassing, type Passing } from './passing.ts';
import { type Failing, Trials } from './trials.ts';

/** Executions at most; fewer where they are long. */
const EXECUTIONS = 100;
const STEPS = 2_000_000;

/**
 * The nearest schedule that passes, beside one that was found and is not shrunk.
 *
 * @returns undefined when the schedule alone shows no finding, or no change that was tried passes.
 */
export function passingNear(subject: Subject, seed: number, schedule: string): Passing | undefined {
  const same = limited(subject, limitsOfSchedule(schedule));
  const trials = new Trials(same, seed, STEPS);
  const found = trials.run(parseSchedule(schedule));
  if (found.finding === undefined) return undefined;
  trials.want(found as Failing);
  // Threads start as late as they can here, so steps have other numbers than where it was found.
  const first = trials.run(found.stretches);
  if (!trials.has(first)) return undefined;
  const most = Math.min(EXECUTIONS, Math.floor(STEPS / Math.max(1, first.steps)));
  return nearestPassing(trials, first, most, subject.guest === 'kernel');
}
