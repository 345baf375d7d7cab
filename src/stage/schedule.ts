import { PARAM, type Param } from '../../kernel/param.ts';
import type { Segment } from '../../scheduler/strategies/segments.ts';
import { UsageError } from '../errors.ts';

/*
 * A schedule as a short text that stands anywhere, in a URL too: `0-3.1-2` lets lane 0 go on for 3
 * steps, then lane 1 for 2, then each lane until it blocks, the lowest first. Before it may stand the
 * limits of the kernel that it was found with and that are not the usual: `idleWaits=1:0-3.1-2`.
 */

export function scheduleText(segments: readonly Segment[], limits: Partial<Param> = {}): string {
  const steps = segments.map(({ lane, steps }) => `${lane}-${steps}`).join('.');
  const names = Object.entries(limits).map(([name, value]) => `${name}=${value}`);
  return names.length === 0 ? steps : `${names.join(',')}:${steps}`;
}

/** @throws UsageError for what is no schedule. */
export function parseSchedule(text: string): Segment[] {
  const steps = text.slice(text.indexOf(':') + 1);
  if (steps === '') return [];
  return steps.split('.').map((part) => {
    const [, lane, steps] = /^(\d{1,3})-(\d{1,15})$/.exec(part) ?? [];
    if (lane !== undefined && steps !== undefined) {
      return { lane: Number(lane), steps: Number(steps) };
    }
    throw new UsageError(`a schedule is lanes and steps such as 0-3.1-2, not ${part}`);
  });
}

/** The limits that a schedule says. @throws UsageError for what are none. */
export function limitsOfSchedule(text: string): Partial<Param> {
  const limits: Partial<Record<keyof Param, number>> = {};
  const said = text.slice(0, Math.max(0, text.indexOf(':')));
  for (const each of said.split(',').filter((part) => part !== '')) {
    const [, name = '', value] = /^(\w+)=(\d{1,15})$/.exec(each) ?? [];
    if (!Object.hasOwn(PARAM, name)) throw new UsageError(`a kernel has no limit ${each}`);
    limits[name as keyof Param] = Number(value);
  }
  return limits;
}

/** A schedule that says no limits, with those of another. */
export function underLimitsOf(other: string, schedule: string): string {
  return other.slice(0, other.indexOf(':') + 1) + schedule;
}
