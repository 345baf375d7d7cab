import { addFuzzShare, type FuzzOptions, type FuzzShare, noFuzzShare } from '../fuzz/fuzz.ts';
import type { FuzzFinding, Making } from '../fuzz/program.ts';
import type { Done } from './beat.ts';
import { Crew } from './crew.ts';
import { type FuzzResult, type FuzzSetup, type FuzzTask, fuzzUnits } from './fuzz-units.ts';
import { inOrder, type Row } from './in-order.ts';

/** How a fuzzing campaign is run: what comes of it does not depend on the rest of these. */
export interface FuzzCampaignOptions extends FuzzOptions {
  /** Threads; 1 for none. */
  readonly jobs: number;
  /** Milliseconds after which no further program begins. */
  readonly msMax?: number;
  /** Called a few times a second with what came of it, and what is under way. */
  readonly onProgress?: (share: FuzzShare, running: Done) => void;
  /** Told each finding, shrunk, in the order of their programs. */
  readonly onFinding?: (finding: FuzzFinding) => void;
  /** Aborted, it ends as soon as it can be gone on with. */
  readonly signal?: AbortSignal | undefined;
  /** Where to go on. */
  readonly from?: FuzzStanding | undefined;
}

/** Where a fuzzing campaign stands: plain data. */
export interface FuzzStanding {
  readonly share: FuzzShare;
  /** By the number of its hit; undefined for one that is not shrunk yet. */
  readonly findings: (FuzzFinding | undefined)[];
}

/** How a fuzzing campaign ended. */
export interface FuzzCampaign {
  readonly at: FuzzStanding;
  /** Whether it came to its end, and not to that of its time, nor to an interruption. */
  readonly isOver: boolean;
}

const PROGRESS_MS = 200;
/** A timer takes no more: 24 days. */
const TIMER_MAX = 2 ** 31 - 1;

/**
 * Fuzzes on several threads: the same programs as `fuzz`, shared out. Threads find; which findings are
 * alike is decided in the order of the programs, and only those that are new are shrunk, each as a
 * unit of its own. So what is found does not depend on the number of threads.
 *
 * @returns where it stands, to go on with later, and whether nothing is left to do.
 * @throws UsageError as fuzz; InternalError when a thread dies.
 */
export async function fuzzCampaign(options: FuzzCampaignOptions): Promise<FuzzCampaign> {
  const { programs, signal, from } = options;
  const running = new Running(options, from ?? { share: noFuzzShare(), findings: [] });
  running.tell();
  if (running.finds) await running.run();
  // Threads that were looking for others are not waited for; neither is the end of the time.
  running.finds = false;
  if (running.isLeft && signal?.aborted !== true) await running.run();
  const { at } = running;
  const isFound = at.share.hits.length > 0 && options.keepGoing !== true;
  return { at, isOver: !running.isLeft && (isFound || at.share.programs >= programs) };
}

class Running {
  readonly at: FuzzStanding;
  /** Whether it looks for findings, and not only shrinks those that it has. */
  finds: boolean;
  private readonly options: FuzzCampaignOptions;
  private told = 0;

  constructor(options: FuzzCampaignOptions, at: FuzzStanding) {
    this.options = options;
    this.at = at;
    this.finds = this.goesOn;
  }

  /** Whether a finding is not shrunk. */
  get isLeft(): boolean {
    const { share, findings } = this.at;
    return share.hits.some((_, index) => findings[index] === undefined);
  }

  private get goesOn(): boolean {
    return this.at.share.hits.length === 0 || this.options.keepGoing === true;
  }

  /** Tells what was not told, up to the first that is not shrunk yet. */
  tell(): void {
    const { onFinding } = this.options;
    for (let next = this.at.findings[this.told]; next !== undefined; ) {
      onFinding?.(next);
      next = this.at.findings[++this.told];
    }
  }

  /** All that is to do, until the time is over. */
  async run(): Promise<void> {
    const { jobs, signal, msMax = Number.POSITIVE_INFINITY, onProgress } = this.options;
    const setup = setupOf(this.options);
    const crew = new Crew<FuzzTask, FuzzResult>({
      jobs,
      module: new URL('./fuzz-units.js', import.meta.url),
      setup,
      here: fuzzUnits(setup),
      describe,
    });
    const stop = (): void => crew.stop();
    signal?.addEventListener('abort', stop, { once: true });
    const end = this.finds ? setTimeout(stop, Math.min(msMax, TIMER_MAX)).unref() : undefined;
    const show = (): void => onProgress?.(this.at.share, crew.running);
    const progress = setInterval(show, PROGRESS_MS).unref();
    try {
      await inOrder(crew, this.row());
    } finally {
      clearTimeout(end);
      clearInterval(progress);
      signal?.removeEventListener('abort', stop);
      await crew.close();
    }
  }

  private row(): Row<FuzzTask, FuzzResult> {
    const { at, options } = this;
    const { hits } = at.share;
    let next = at.share.programs;
    let index = 0;
    return {
      next: (units) => {
        while (index < hits.length && at.findings[index] !== undefined) index++;
        const hit = hits[index];
        if (hit !== undefined) return { task: { kind: 'shrink', index: index++, hit }, units: 1 };
        const count = this.finds ? Math.min(units, options.programs - next) : 0;
        if (count === 0) return undefined;
        const first = options.seed + next;
        next += count;
        return { task: { kind: 'programs', first, end: first + count }, units: count };
      },
      take: (result) => this.take(result),
      signal: options.signal,
    };
  }

  private take(result: FuzzResult): boolean {
    const { share, findings } = this.at;
    if (result.kind === 'shrink') {
      if (result.finding === undefined) return false;
      findings[result.index] = result.finding;
      this.tell();
      return true;
    }
    addFuzzShare(share, result.share);
    return this.goesOn && !result.isCut;
  }
}

/** Without what threads cannot be sent. */
function setupOf({
  schedules,
  strategy,
  mutants,
  detectors,
  shrink,
  keepGoing = false,
}: FuzzOptions): FuzzSetup {
  const making = { schedules, strategy, mutants, detectors, shrink } as Making;
  return { making, keepGoing };
}

function describe(task: FuzzTask): string {
  if (task.kind === 'shrink') return `the shrinking of program ${task.hit.program}`;
  const last = task.end - 1;
  return task.first === last ? `program ${last}` : `programs ${task.first} to ${last}`;
}
