import type { Search } from '../../scheduler/search.ts';
import { traceOf } from './enumerate.ts';
import type { Model } from './model.ts';

/** What a search came upon. */
export interface Explored {
  /** The trace of each complete execution, in the order of the search. */
  readonly keys: readonly string[];
  /** The lanes of each complete execution, by operation. */
  readonly lanes: readonly (readonly number[])[];
  readonly finals: ReadonlySet<string>;
  readonly deadlocks: ReadonlySet<string>;
  /** Executions that the search gave up. */
  readonly stopped: number;
}

/**
 * Runs a search to its end. Which trace an execution was is found by running its schedule again, so
 * that nothing depends on what the search thinks of it.
 *
 * @throws Error after `executionsMax` executions.
 */
export function explore(model: Model, search: Search, executionsMax = 1_000_000): Explored {
  const { program } = model;
  const { machine } = program;
  const keys: string[] = [];
  const all: number[][] = [];
  const finals = new Set<string>();
  const deadlocks = new Set<string>();
  let stopped = 0;
  do {
    if (keys.length + stopped === executionsMax) throw new Error('the search does not end');
    const switches: [step: number, lane: number][] = [];
    machine.onSwitch = (step, lane) => switches.push([step, lane]);
    search.begin(0, program.lanes.length);
    const ending = program.run(search);
    machine.onSwitch = null;
    if (ending === 'stopped') {
      stopped++;
      continue;
    }
    if (ending === 'blocked') {
      const blocked = program.blocked().map((b) => `${b.thread}: ${b.operation}`);
      deadlocks.add(blocked.join(', '));
    }
    const lanes = lanesOf(switches, machine.step);
    const { key, final } = traceOf(model, lanes);
    keys.push(key);
    all.push(lanes);
    finals.add(final);
  } while (search.next());
  return { keys, lanes: all, finals, deadlocks, stopped };
}

/** The lane of each step. */
function lanesOf(switches: readonly [step: number, lane: number][], steps: number): number[] {
  const lanes: number[] = [];
  for (const [i, [from, lane]] of switches.entries()) {
    const to = switches[i + 1]?.[0] ?? steps;
    for (let step = from; step < to; step++) lanes.push(lane);
  }
  return lanes;
}
