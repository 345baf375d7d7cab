import type { SampleTask } from './explore-units.ts';
import { inOrder } from './in-order.ts';
import { type Running, take } from './standing.ts';

/**
 * Executes the seeds from where it stands, in units of fixed ranges. What is found, and what is found
 * first, depends on the seeds alone.
 */
export async function runSamples(running: Running): Promise<void> {
  const { crew, at, schedules, signal } = running;
  let next = at.so.executions;
  await inOrder(crew, {
    next(units) {
      if (next >= schedules) return undefined;
      const first = next;
      const { unit } = at;
      // The first task ends with its unit, whose length it finds out.
      const end = unit === undefined ? schedules : Math.min(schedules, first + units * unit);
      next = end;
      const task: SampleTask = { kind: 'sample', first, end, unit };
      return { task, units: unit === undefined ? 1 : Math.ceil((end - first) / unit) };
    },
    take(result) {
      if (at.unit === undefined) {
        at.unit = result.unit;
        next = result.share.executions;
      }
      return take(running, result);
    },
    signal,
  });
}
