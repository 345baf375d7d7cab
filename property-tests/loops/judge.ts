import { type Exploration, type ExploreOptions, explore } from '../../src/verbs/explore.ts';
import { CELLS, codesOf, isPure, type Source, subjectOf } from './generated.ts';
import { decide, type Oracle, TooLarge } from './oracle.ts';

/** A search, and its bound on preemptions. */
export interface Search {
  readonly strategy: string;
  readonly preemptions?: number;
}

export const SEARCHES: readonly Search[] = [
  { strategy: 'dpor' },
  { strategy: 'dfs' },
  { strategy: 'deepen' },
  { strategy: 'dpor', preemptions: 0 },
  { strategy: 'dpor', preemptions: 1 },
  { strategy: 'dpor', preemptions: 2 },
  { strategy: 'dfs', preemptions: 1 },
];

/** How a search of a program ended, and what is wrong with what it said. */
export interface Verdict {
  readonly search: Search;
  readonly claim: 'complete' | 'incomplete' | 'cut';
  readonly hangs: boolean;
  /** What it said that is not so; empty if all is well. */
  readonly wrong: readonly string[];
}

/** Executions and operations of a search, about: what needs more is cut, and claims nothing. */
const EXECUTIONS_MAX = 256;
const OPERATIONS_MAX = 40_000;
const HANGS = new Set(['deadlock', 'livelock', 'endless']);

/** What is so; undefined for a program of too many states. */
export function oracleOf(source: Source): Oracle | undefined {
  try {
    return decide(codesOf(source), CELLS);
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
}

/** Explores a program, and compares what the search says with what is so. */
export function judge(source: Source, oracle: Oracle, search: Search): Verdict {
  let isCut = false;
  const options: ExploreOptions = {
    ...search,
    keepGoing: true,
    goOn(so) {
      isCut = so.executions >= EXECUTIONS_MAX || so.operations >= OPERATIONS_MAX;
      return !isCut;
    },
  };
  const so = explore(subjectOf(source), options);
  const hangs =
    so.blocked + so.abandoned > 0 || so.discoveries.some((d) => HANGS.has(d.finding.detector));
  const claim = so.complete ? 'complete' : isCut ? 'cut' : 'incomplete';
  const wrong = [
    ...impossible(so, oracle),
    ...(so.complete ? missed(so, hangs, oracle, search) : []),
  ];
  const mustProve = isPure(source) && search.preemptions === undefined;
  if (mustProve && claim === 'incomplete' && oracle.hangs === Infinity) {
    wrong.push('a loop that repeats its state was not proven to');
  }
  return { search, claim, hangs, wrong };
}

/** What was seen and cannot be. */
function impossible(so: Exploration, oracle: Oracle): string[] {
  const wrong: string[] = [];
  for (const { value, schedule } of so.outcomes) {
    if (!oracle.finals.has(String(value))) wrong.push(`${value} cannot be: ${schedule}`);
  }
  for (const { finding, schedule } of so.discoveries) {
    if (finding.detector === 'deadlock' && oracle.hangs === Infinity) {
      wrong.push(`there is no deadlock: ${schedule}`);
    } else if (HANGS.has(finding.detector) && oracle.hangs === Infinity && !oracle.cycles) {
      wrong.push(`every execution ends: ${schedule}`);
    } else if (!HANGS.has(finding.detector)) {
      wrong.push(`${finding.title}: ${schedule}`);
    }
  }
  return wrong;
}

/** What a search that claims to be complete has not seen. */
function missed(so: Exploration, hangs: boolean, oracle: Oracle, search: Search): string[] {
  const { preemptions: bound = Infinity } = search;
  const seen = new Set(so.outcomes.map(({ value }) => String(value)));
  const wrong = [...oracle.finals]
    .filter(([final, preemptions]) => preemptions <= bound && !seen.has(final))
    .map(([final, preemptions]) => `missed ${final}, of ${preemptions} preemptions`);
  const hasHang = oracle.hangs <= bound && oracle.hangs < Infinity;
  if (hasHang && !hangs) wrong.push(`missed a hang, of ${oracle.hangs} preemptions`);
  if (hangs && oracle.hangs === Infinity) wrong.push('took an execution for endless');
  return wrong;
}

export function searchText({ strategy, preemptions }: Search): string {
  return preemptions === undefined ? strategy : `${strategy} --preemptions ${preemptions}`;
}
