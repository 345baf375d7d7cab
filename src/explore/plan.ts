import type { DetectorKind, Withdrawn } from '../../detectors/detector.ts';
import { PARAM, type Param } from '../../kernel/param.ts';
import type { Machine } from '../../machine/index.ts';
import { Profiler } from '../../scheduler/profile.ts';
import { Deepening, type Level } from '../../scheduler/search/deepening.ts';
import { type Interrupt, InterruptedDpor } from '../../scheduler/search/interrupted.ts';
import type { Search } from '../../scheduler/search.ts';
import { SEARCHES, type SearchOptions } from '../../scheduler/searches.ts';
import { makeStrategy, STRATEGIES } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { UsageError } from '../errors.ts';
import { sourceProver } from '../loops/source-prover.ts';
import { didYouMean } from '../nearest.ts';
import { type Outcome, Stage, type Subject } from '../stage/stage.ts';
import { limited } from '../subject/subject.ts';
import { commuting as commutingSections } from './commuting.ts';
import { type Coverage, coverageText } from './coverage.ts';
import { interruptsOf } from './interrupts.ts';
import { looking } from './looking.ts';
import { FRAMES, locksIn, objectsNamed } from './scope.ts';

/** What decides which executions there are. */
export interface PlanOptions {
  /**
   * A strategy of `STRATEGIES` or `SEARCHES` with its options (`pct:3,500`, `dpor`, `dfs:2`), or
   * `deepen`. Default: `dpor` without a kernel, `deepen` with one.
   */
  readonly strategy?: string | Strategy;
  /** Of a search: preemptions at most. */
  readonly preemptions?: number | undefined;
  /** Of a search: names of words; see objectsNamed. Only their operations are choice points. */
  readonly focus?: readonly string[] | undefined;
  /**
   * Of a search of a kernel: names of locks and what they guard, whose critical sections commute; and
   * `looks` for sections that only look. Default: that, and `kmem`, whose order is the order of frames.
   */
  readonly commuting?: readonly string[] | undefined;
}

/** How an exploration goes about it. */
export interface Plan {
  readonly name: string;
  /** With what is explored changed as the strategy needs it. */
  readonly subject: Subject;
  /** What was changed: limits that its schedules say. */
  readonly limits: Partial<Param>;
  /** Strategies taken in turn, by seed; one for a search. */
  readonly strategies: readonly Strategy[];
  readonly search: Search | undefined;
  /** Whether a lane that stays enabled steps in the end. */
  readonly fair: boolean;
  /** What is covered when the search is complete. */
  readonly coverage: Coverage;
  /** Detectors that check what is taken for granted. */
  readonly claims: readonly DetectorKind[];
  /** Of `deepen`: soon adds choices at the words where a race was seen. */
  readonly widen?: (words: readonly number[]) => void;
}

/** The name of sections that only look among those that commute. */
const LOOKS = 'looks';
const USUAL = ['kmem', LOOKS];

export const DEEPEN = 'deepen';
/** What every kernel call uses, by name: deepening begins with the rest. */
const COMMON = new Set(
  'null kmem tickslock ticks cons wait_lock pid_lock nextpid nproc proc'.split(' '),
);

/** @throws UsageError for options that do not exist or do not go together. */
export function planOf(subject: Subject, options: PlanOptions): Plan {
  const { strategy = usualStrategy(subject) } = options;
  const description = typeof strategy === 'string' ? strategy : strategy.name;
  const [name = '', given] = description.split(':');
  if (typeof strategy === 'string' && (SEARCHES.has(name) || name === DEEPEN)) {
    return searchPlan(subject, name, { ...options, preemptions: boundOf(name, given, options) });
  }
  const { preemptions, focus, commuting } = options;
  if (preemptions !== undefined || focus !== undefined || commuting !== undefined) {
    throw new UsageError(
      `a bound, a focus and what commutes are for dfs, dpor and deepen, not ${name}`,
    );
  }
  const strategies = typeof strategy === 'string' ? sampled(subject, strategy) : [strategy];
  const fair = STRATEGIES.get(name)?.fair ?? true;
  const first = strategies[0] as Strategy;
  const shown = strategies.length === 1 ? first.name : name;
  const { memory } = subject.config;
  const coverage: Coverage = {
    kind: 'sampled',
    ...(memory === undefined ? {} : { memory: String(memory) }),
  };
  const rest = { limits: {}, search: undefined, claims: [] };
  return { name: shown, subject, strategies, fair, coverage, ...rest };
}

function usualStrategy({ guest, config }: Subject): string {
  if (config.memory !== undefined) return guest === 'bare' ? 'dpor' : 'random';
  return guest === 'bare' ? 'dpor' : DEEPEN;
}

/** The bound behind the colon, or of the options. */
function boundOf(name: string, given: string | undefined, options: PlanOptions) {
  if (given === undefined) return options.preemptions;
  if (!/^\d{1,6}$/.test(given) || name === DEEPEN) {
    throw new UsageError(
      `${name}:${given}: after the colon, dfs and dpor take a number of preemptions`,
    );
  }
  return Number(given);
}

/** Strategies that draw: with counts from an execution that is run for them, where they want it. */
function sampled(subject: Subject, description: string): readonly Strategy[] {
  const strategy = makeStrategy(description);
  if (strategy === undefined) {
    const hint = didYouMean(description, [...STRATEGIES.keys(), ...SEARCHES.keys(), DEEPEN]);
    throw new UsageError(`no strategy ${description}${hint || '; list shows them'}`);
  }
  const kind = STRATEGIES.get(description);
  if (kind?.profiled === undefined) return [strategy];
  const stage = new Stage(subject);
  const profiler = new Profiler();
  stage.watch({ detectors: [] });
  // What it throws, if anything, the executions to come show again.
  stage.execute(profiler, 0);
  return kind.profiled(profiler.profile());
}

/** Which searches know store buffers. @throws UsageError for the others, with one that does. */
function checkBuffers(
  name: string,
  { preemptions, focus }: PlanOptions,
  memory: string,
  isKernel: boolean,
): void {
  const isBounded = preemptions !== undefined || focus !== undefined;
  if (!isKernel && (name === 'dfs' || (name === 'dpor' && !isBounded))) return;
  const how = name === 'dpor' && isBounded ? 'dpor with a bound or a focus' : name;
  const wholes = isBounded ? 'dfs, which takes both' : 'dpor or dfs';
  const instead = isKernel ? 'a strategy that draws, such as random' : wholes;
  throw new UsageError(`${how} does not know the store buffers of ${memory}: use ${instead}`);
}

function searchPlan(given: Subject, name: string, options: PlanOptions): Plan {
  const isKernel = given.guest === 'kernel';
  const { memory } = given.config;
  if (memory !== undefined) checkBuffers(name, options, String(memory), isKernel);
  const limits = isKernel ? changedLimits(given) : {};
  const subject = limited(given, limits);
  const stage = new Stage(subject);
  const { machine } = stage;
  const isInterrupted = (subject.spec?.param.ticks ?? 0) > 0;
  const commuting = options.commuting ?? (isKernel ? USUAL : []);
  const named = commuting.filter((name) => name !== LOOKS);
  const looks = isKernel && commuting.includes(LOOKS);
  const ignored = named.length === 0 ? undefined : objectsNamed(machine, named);
  const sections = ignored === undefined ? [] : locksIn(machine, ignored);
  const { preemptions, focus } = options;
  const coverage: Coverage = {
    kind: name === 'dfs' ? 'interleavings' : 'traces',
    preemptions,
    focus,
    commuting: ignored === undefined ? undefined : named,
    untimed: isKernel && !isInterrupted ? true : undefined,
    interrupts: isInterrupted ? 1 : undefined,
    inTurn: isKernel ? true : undefined,
    memory: memory === undefined ? undefined : String(memory),
  };
  const made: SearchOptions = {
    ignored,
    sections,
    preemptions,
    looking: looks,
    prover: sourceProver,
  };
  const claims = [
    ...(sections.length > 0 ? [commutingSections(sections)] : []),
    ...(looks ? [looking] : []),
  ];
  const rest = { subject, limits, fair: false, coverage, claims };
  if (isInterrupted) {
    if (name !== 'dpor' || preemptions !== undefined || focus !== undefined) {
      throw new UsageError(
        '--ticks is for dpor without a bound and a focus, and for strategies that draw',
      );
    }
    const interrupted = (interrupt?: Interrupt): InterruptedDpor =>
      new InterruptedDpor(machine.cpus.length, made, interrupt);
    const interrupts = interruptsOf(stage, interrupted());
    const search = new Deepening(
      [...interrupts.keys()].map((covers) => ({ covers })),
      ({ covers }) => interrupted(interrupts.get(covers)),
    );
    return { ...rest, name, strategies: [search], search };
  }
  if (name !== DEEPEN) {
    const search = searchOf(name, machine, made, focus);
    return { ...rest, name: search.name, strategies: [search], search };
  }
  const search = new Deepening(levelsOf(machine, preemptions, coverage, isKernel), (level) =>
    searchOf('dpor', machine, { ...made, preemptions: level.preemptions }, level.focus),
  );
  const widen = widening(machine, search, coverage);
  return { ...rest, name, strategies: [search], search, widen };
}

/** What may still be taken to commute when a claim was withdrawn. */
export function commutingWithout(
  commuting: readonly string[] | undefined,
  { claim }: Withdrawn,
): readonly string[] {
  return (commuting ?? USUAL).filter((name) => (name === LOOKS) !== (claim === 'look'));
}

/** What a search changes of a kernel's limits. */
function changedLimits({ spec }: Subject): Partial<Param> {
  const { tickInterval, ticks, idleWaits } = spec?.param ?? PARAM;
  return {
    ...(ticks === 0 ? {} : { ticks: 1 }),
    ...(tickInterval === 0 ? {} : { tickInterval: 0 }),
    ...(idleWaits === 1 ? {} : { idleWaits: 1 }),
  };
}

/** Adds the words of a race, once each, to what the current level looks at, with up to 2 preemptions. */
function widening({ layout }: Machine, search: Deepening, coverage: Coverage) {
  return (words: readonly number[]): void => {
    const names = words.map((word) => layout.nameOf(word) ?? FRAMES);
    const { added, level } = search;
    const news = names.filter((name) => !added.includes(name));
    if (news.length === 0 || level?.focus === undefined) return;
    added.push(...new Set(news));
    const focus = [...level.focus, ...added];
    search.insert([0, 1, 2].map((bound) => levelOf(coverage, focus, bound)));
  };
}

function levelOf(
  coverage: Coverage,
  focus: readonly string[] | undefined,
  preemptions: number | undefined,
): Level {
  return { covers: coverageText({ ...coverage, focus, preemptions }), focus, preemptions };
}

function searchOf(
  name: string,
  machine: Machine,
  options: SearchOptions,
  focus: readonly string[] | undefined,
): Search {
  const table = focus === undefined ? undefined : objectsNamed(machine, focus);
  const kind = SEARCHES.get(name);
  if (kind === undefined) throw new UsageError(`no strategy ${name}`);
  return kind.make({ ...options, focus: table });
}

/** Bounds and focuses, what is likely to show something first; the last level covers all. */
function levelsOf(
  machine: Machine,
  most: number | undefined,
  coverage: Coverage,
  isKernel: boolean,
): Level[] {
  const bounds = [0, 1, 2, 3].filter((bound) => bound < (most ?? Number.POSITIVE_INFINITY));
  const series = (focus?: readonly string[]): Level[] =>
    [...bounds, most].map((bound) => levelOf(coverage, focus, bound));
  if (coverage.focus !== undefined) return series(coverage.focus);
  const all = series();
  const narrow = series(isKernel ? uncommon(machine) : undefined);
  // The narrow series is a bound ahead of the wide one, which covers it.
  return isKernel
    ? [...narrow.slice(0, 3), ...all.slice(1, 3), ...narrow.slice(3), ...all.slice(3)]
    : all;
}

/** What the kernel's objects are called, but for those that every call uses. */
function uncommon({ layout }: Machine): string[] {
  const heads = new Set<string>();
  for (let word = 0; word < layout.size; word++) {
    heads.add((layout.nameOf(word) as string).replace(/[.[].*/, ''));
  }
  return [...heads].filter((head) => !COMMON.has(head));
}

/** Whether an execution ended because its own code threw: then there is no more of it. */
export function threw({ finding }: Outcome): boolean {
  return finding?.detector === 'panic' || finding?.detector === 'exception';
}
