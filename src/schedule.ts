import type { Segment } from '../scheduler/strategies/segments.ts';
import { UsageError } from './errors.ts';

/*
 * A schedule as a short text that stands anywhere, in a URL too: `0-3.1-2` lets lane 0 go on for 3
 * steps, then lane 1 for 2, then each lane until it blocks, the lowest first.
 */

export function scheduleText(segments: readonly Segment[]): string {
  return segments.map(({ lane, steps }) => `${lane}-${steps}`).join('.');
}

/** @throws UsageError for what is no schedule. */
export function parseSchedule(text: string): Segment[] {
  if (text === '') return [];
  return text.split('.').map((part) => {
    const [, lane, steps] = /^(\d{1,3})-(\d{1,15})$/.exec(part) ?? [];
    if (lane !== undefined && steps !== undefined) {
      return { lane: Number(lane), steps: Number(steps) };
    }
    throw new UsageError(`a schedule is lanes and steps such as 0-3.1-2, not ${part}`);
  });
}
