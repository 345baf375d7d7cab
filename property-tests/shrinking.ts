import type { Finding } from '../detectors/finding.ts';
import { Dfs } from '../scheduler/search/dfs.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { selectDetectors } from '../src/select-detectors.ts';
import { Stage, type Subject } from '../src/stage/stage.ts';
import { explore } from '../src/verbs/explore.ts';
import { run } from '../src/verbs/run.ts';
import type { CompleteTrace, Truth } from './truth/enumerate.ts';
import { built, type Source } from './truth/generated.ts';
import type { Model } from './truth/model.ts';

/* Generated programs that fail in some of their schedules. */

/** A generated program under some detectors; all if left out. */
export function watched(source: Source, detectors?: readonly string[]): Subject {
  return subjectOf(source, detectors, () => undefined);
}

/** One whose check fails when it ends as that trace does. */
export function reaching(source: Source, { final }: CompleteTrace): Subject {
  const [, words, outcome] = final.split(' | ');
  return subjectOf(source, ['check'], (model) => {
    const { machine } = model.program;
    const state = machine.words.subarray(0, machine.layout.size).join();
    return state !== words || model.outcome() !== outcome || 'it ends as it must not';
  });
}

function subjectOf(
  source: Source,
  detectors: readonly string[] | undefined,
  check: (model: Model) => unknown,
): Subject {
  return {
    guest: 'bare',
    program: 'generated',
    args: [],
    mutants: [],
    config: {},
    detectors,
    isOwn: false,
    fingerprint: () => '',
    build() {
      const model = built(source);
      return { model: { program: model.program, check: () => check(model) } };
    },
  };
}

/** Traces that halt, those that need most preemptions first. */
export function rarest({ traces }: Truth): CompleteTrace[] {
  const halted = [...traces.values()].filter(({ ending }) => ending === 'halted');
  return halted.sort((a, b) => b.preemptions - a.preemptions);
}

export interface Failure {
  readonly trace: Uint8Array;
  readonly finding: Finding;
}

/** A schedule that fails, of a random walk if no other strategy is given, if one of so many seeds has it. */
export function failureOf(
  subject: Subject,
  seeds: number,
  first = 0,
  strategy: Strategy = new RandomWalk(),
): Failure | undefined {
  const { seed } = explore(subject, { strategy, seed: first, schedules: seeds });
  if (seed === undefined) return undefined;
  // By itself: what detectors had learnt from the executions before, a trace does not tell.
  const { finding, trace } = run(subject, { seed, strategy, record: true });
  return finding === undefined || trace === undefined ? undefined : { trace, finding };
}

/**
 * The fewest preemptions with which something of that title is found, by running each schedule;
 * undefined if that takes more executions than `executionsMax`.
 */
export function fewestPreemptions(
  subject: Subject,
  title: string,
  executionsMax: number,
): number | undefined {
  const stage = new Stage(subject);
  let executions = 0;
  for (let preemptions = 0; ; preemptions++) {
    const search = new Dfs({ preemptions });
    do {
      if (++executions > executionsMax) return undefined;
      stage.watch({ detectors: selectDetectors(subject.detectors) });
      if (stage.execute(search, 0).finding?.title === title) return preemptions;
    } while (search.next());
  }
}
