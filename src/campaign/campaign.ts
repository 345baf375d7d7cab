import { performance } from 'node:perf_hooks';
import { type Exploration, noExploration } from '../explore/exploration.ts';
import { Explorer } from '../explore/explorer.ts';
import { commutingWithout, type Plan, type PlanOptions, planOf } from '../explore/plan.ts';
import { checkDeterministic } from '../stage/determinism.ts';
import type { Subject } from '../stage/stage.ts';
import { type ExploreOptions, schedulesOf } from '../verbs/explore.ts';
import type { Done } from './beat.ts';
import { Crew } from './crew.ts';
import {
  type ExploreResult,
  type ExploreSetup,
  type ExploreTask,
  unitsOf,
} from './explore-units.ts';
import { recipeOf } from './recipe.ts';
import { runSamples } from './samples.ts';
import { runSearch } from './searching.ts';
import type { Running, Standing } from './standing.ts';

/** How an exploration is run: everything that does not decide what comes of it. */
export interface CampaignOptions extends Omit<ExploreOptions, 'goOn' | 'strategy'> {
  readonly strategy?: string | undefined;
  /** Threads; 1 for none. */
  readonly jobs: number;
  /** Milliseconds after which it ends. */
  readonly msMax?: number;
  /** Called a few times a second with what came of it, and what is under way. */
  readonly onProgress?: (so: Exploration, running: Done) => void;
  /** Aborted, it ends as soon as it can be gone on with. */
  readonly signal?: AbortSignal;
  /** Where to go on. */
  readonly from?: Standing | undefined;
}

/** How a campaign ended. */
export interface Campaign {
  readonly at: Standing;
  /** Whether it came to its end, and not to that of its time, nor to an interruption. */
  readonly isOver: boolean;
  /** Milliseconds up to the last results that count. */
  readonly ms: number;
  /** Executions under way when it was interrupted: their round is dropped, and done again. */
  readonly dropped: number;
}

const PROGRESS_MS = 200;
/** A timer takes no more: 24 days. */
const TIMER_MAX = 2 ** 31 - 1;

/**
 * Explores on several threads: the same executions as `explore`, shared out, so what is found does
 * not depend on the number of threads. A subject that was made in this process is explored in it.
 *
 * @returns where it stands, to report or to go on with later, and whether nothing is left to do.
 * @throws UsageError as explore; InternalError when a thread dies.
 */
export async function campaign(subject: Subject, options: CampaignOptions): Promise<Campaign> {
  const began = performance.now();
  const { from: _, msMax = Number.POSITIVE_INFINITY, ...anew } = options;
  let commuting = options.from?.commuting ?? options.commuting;
  for (let asked = options; ; ) {
    const startedAt = performance.now();
    const ended = await run(subject, asked, commuting);
    const [withdrawn] = ended.at.so.withdrawn;
    if (withdrawn === undefined || options.commuting !== undefined) {
      return { ...ended, ms: ended.ms + (startedAt - began) };
    }
    // What commutes was only a default, and a wrong one: all over again without it.
    commuting = commutingWithout(commuting, withdrawn);
    asked = { ...anew, msMax: msMax - (performance.now() - began) };
  }
}

async function run(
  subject: Subject,
  options: CampaignOptions,
  commuting: readonly string[] | undefined,
): Promise<Campaign> {
  const { strategy, preemptions, focus, seed = 0, keepGoing, from, signal } = options;
  const chosen: PlanOptions = {
    ...(strategy === undefined ? {} : { strategy }),
    preemptions,
    focus,
    commuting,
  };
  const plan = planOf(subject, chosen);
  const explorer = new Explorer(plan, keepGoing);
  const at = from ?? begun(plan, commuting);
  if (at.so.executions === 0) checkDeterministic(explorer.stage, seed);
  const recipe = recipeOf(subject);
  const setup = { recipe, options: chosen, seed, keepGoing } as ExploreSetup;
  const crew = new Crew<ExploreTask, ExploreResult>({
    jobs: recipe === undefined ? 1 : options.jobs,
    module: new URL('./explore-units.js', import.meta.url),
    setup,
    here: unitsOf(explorer, seed),
    describe: (task) => describe(task, seed),
  });
  const began = performance.now();
  const running: Running = {
    takenAt: began,
    crew,
    explorer,
    at,
    schedules: schedulesOf(plan, options.schedules),
    signal,
  };
  let dropped = 0;
  const stop = (): void => {
    dropped = crew.running.executions;
    crew.stop();
  };
  // What a unit did is done again.
  signal?.addEventListener('abort', stop, { once: true });
  const unwatch = watch(crew, options, at.so);
  try {
    if (plan.search === undefined) await runSamples(running);
    else await runSearch(running, plan.search);
    const isFound = at.so.finding !== undefined && !explorer.keepsGoing;
    const isOver = isFound || at.so.exhausted || at.so.executions >= running.schedules;
    return { at, isOver, ms: running.takenAt - began, dropped };
  } finally {
    unwatch();
    signal?.removeEventListener('abort', stop);
    await crew.close();
  }
}

function begun({ name, coverage }: Plan, commuting: readonly string[] | undefined): Standing {
  return { so: noExploration(name, coverage), unit: undefined, commuting, left: undefined };
}

function describe(task: ExploreTask, seed: number): string {
  return task.kind === 'sample'
    ? `seeds ${seed + task.first} to ${seed + task.end - 1}`
    : 'a part of the search';
}

/** Keeps the time, and tells of progress. */
function watch<Task, Result>(
  crew: Crew<Task, Result>,
  { msMax = Number.POSITIVE_INFINITY, onProgress }: CampaignOptions,
  so: Exploration,
): () => void {
  const end = setTimeout(() => crew.stop(), Math.min(msMax, TIMER_MAX)).unref();
  const progress = onProgress && setInterval(() => onProgress(so, crew.running), PROGRESS_MS);
  return () => {
    clearTimeout(end);
    clearInterval(progress);
  };
}
