import { Pct } from '../../scheduler/strategies/pct.ts';
import { makeStrategy } from '../../scheduler/strategies.ts';
import { coverageText } from '../explore/coverage.ts';
import { type Incomplete, incompleteOf } from '../explore/incomplete.ts';
import { clip, count, plural, printable } from '../text.ts';
import { type Exploration, pctMissChance } from '../verbs/explore.ts';
import type { Ink } from './ink.ts';

/** `266 traces of two-open-close (dpor), 3,120 executions/s`. */
function effort(so: Exploration, program: string, seconds: number): string {
  const rate = count(Math.round(so.executions / seconds));
  return `${plural(so.executions, 'execution')} of ${clip(printable(program), VALUE_MAX)} (${so.strategy}), ${rate}/s`;
}

/** How an exploration ended. */
export interface VerdictText {
  /** In one line, with what its author should know first. */
  readonly head: readonly string[];
  /** What exactly that says: what was covered, and what was not. */
  readonly rest: readonly string[];
}

/** How an exploration ended, in words. */
export function verdictText(
  so: Exploration,
  program: string,
  seconds: number,
  ink: Ink,
): VerdictText {
  return { head: [headline(so, program, seconds, ink), ...doubtful(so)], rest: restText(so) };
}

function restText(so: Exploration): readonly string[] {
  const lines = covered(so);
  if (so.abandoned > 0) lines.push(...unending(so));
  if (so.blocked > 0 && so.discoveries.length === 0) {
    const waiting = plural(so.blocked, 'execution');
    lines.push(`${waiting} ended with blocked threads; no detector reports this`);
  }
  if (so.spinLoops > 0) {
    lines.push(`${plural(so.spinLoops, 'spin loop')} taken to wait until what it reads changes`);
  }
  if (so.withdrawn.length > 0) {
    const seen = so.withdrawn.map(({ text }) => clip(printable(text), LINE_MAX));
    lines.push(...seen.map((text) => `not complete: ${text}`));
  }
  return lines;
}

function headline(so: Exploration, program: string, seconds: number, ink: Ink): string {
  const all = effort(so, program, seconds);
  if (so.discoveries.length > 0) {
    const bugs = so.discoveries.length === 1 ? 'found' : `${so.discoveries.length} bugs found`;
    return `${ink.red(bugs)}, first in execution ${count(so.discoveries[0]?.execution ?? 0)}; ${all}`;
  }
  const reasons = incompleteOf(so);
  if (so.complete && reasons.length === 0) {
    return `${ink.green('no schedule breaks it')}: all ${plural(so.traces, 'trace')} were checked, in ${all}`;
  }
  if (reasons.length === 0) return `${ink.green('not found')} in ${all}`;
  const why = reasons.map((reason) => incompleteText(reason, so)).join('; ');
  return `${ink.yellow('not complete')}: ${why}; nothing found in ${all}`;
}

/** Why a search proves nothing, for people. */
export function incompleteText(reason: Incomplete, so: Exploration): string {
  switch (reason.kind) {
    case 'budget':
      return 'the search ended before everything was tried';
    case 'never-run':
      return reason.text;
    case 'step-limit':
      return `${count(reason.executions)} of ${plural(so.executions, 'execution')} reached the step limit`;
    case 'loop': {
      const place = shortPlace(reason.place);
      return `the loop at ${place} may change in a later round, and only ${reason.rounds} were followed`;
    }
  }
}

/** Doubts, but for those that the headline has told. */
function doubtful(so: Exploration): string[] {
  const isTold = so.discoveries.length === 0 && incompleteOf(so).length > 0;
  return so.doubts
    .filter(({ kind }) => !isTold || kind !== 'never-run')
    .map(({ text }) => `doubtful: ${printable(text)}`);
}

/** The file's name and the line. */
function shortPlace(place: string): string {
  return /([^/\\]+:\d+):\d+$/.exec(place)?.[1] ?? place;
}

/** How many executions did not end, and what kept the first of them. */
function unending({ abandoned, endless }: Exploration): string[] {
  const lines = [`${plural(abandoned, 'execution')} reached the step limit and prove nothing`];
  if (endless === undefined) return lines;
  const { who, schedule = '' } = endless;
  if (who.length > 0)
    lines.push(`still running at the limit: ${clip(printable(who.join(', ')), LINE_MAX)}`);
  const isShort = schedule !== '' && schedule.length <= SCHEDULE_MAX;
  if (isShort) lines.push(`the first of them: run --schedule ${schedule}`);
  return lines;
}

/** Characters of a schedule that a line shows. */
const SCHEDULE_MAX = 60;
/** Characters of a value that a program came to. */
const VALUE_MAX = 60;
const LINE_MAX = 400;

/** What was covered, exactly. */
function covered(so: Exploration): string[] {
  const { coverage, levels, complete } = so;
  if (coverage.kind === 'sampled')
    return [...missed(so), sampled(so).join(', ')].filter((line) => line !== '');
  const text = coverageText(coverage);
  if (complete) return [`covered: ${text}`];
  const lines = [`covered: ${levels.completed ?? 'nothing completely'}`];
  const left = Math.max(0, so.estimate - so.traces);
  const estimate = so.estimate > so.traces ? `; ${count(left)} traces or more are left` : '';
  lines.push(`not yet: ${levels.unfinished ?? text}${estimate}`);
  return lines;
}

/** The bound that PCT gives. */
function missed(so: Exploration): string[] {
  const strategy = makeStrategy(so.strategy);
  if (!(strategy instanceof Pct) || so.executions === so.abandoned || so.discoveries.length > 0)
    return [];
  const { depth } = strategy;
  const chance = pctMissChance(so.threads, so.stepsLongest, depth, so.executions - so.abandoned);
  return [`chance of having missed a depth-${depth} bug: at most ${chance.toPrecision(2)}`];
}

/** How many of the executions looked at were different. */
function sampled({ sample }: Exploration): string[] {
  const { executions, switchPoints, traces } = sample;
  if (executions === 0) return [];
  const points = plural(switchPoints.size, 'distinct switch point');
  return [`${plural(executions, 'sampled execution')}, ${count(traces.size)} distinct`, points];
}

/** What else is known of a campaign that goes on. */
export interface Limits {
  /** Executions at most. */
  readonly schedules: number | undefined;
  readonly secondsLeft: number;
  /** Columns of the terminal; 80 if left out. */
  readonly columns?: number | undefined;
}

const PROGRESS_WIDTH = 80;

/** How far an exploration is, in one line. */
export function progressText(
  so: Exploration,
  running: { readonly executions: number; readonly operations: number },
  seconds: number,
  { schedules = Number.POSITIVE_INFINITY, secondsLeft, columns = PROGRESS_WIDTH }: Limits,
): string {
  const executions = so.executions + running.executions;
  const rate = executions / seconds;
  const operations = ((so.operations + running.operations) / seconds / 1e6).toFixed(1);
  const isEstimated = Number.isFinite(so.estimate);
  const limits = [(schedules - executions) / rate, secondsLeft].filter(Number.isFinite);
  const left = Math.ceil(Math.max(0, Math.min(...limits)));
  // What matters most comes first; what has no room is left out.
  return fitting(
    [
      `${count(executions)} executions`,
      `${count(Math.round(rate))}/s`,
      `${count(so.discoveries.length)} found`,
      ...(limits.length > 0 ? [`${count(left)} s left`] : []),
      ...(isEstimated ? [`${count(so.traces)} traces of ${count(so.estimate)} or more`] : []),
      ...(so.levels.unfinished === undefined ? [] : [`searching ${so.levels.unfinished}`]),
      ...sampled(so),
      `${operations} M operations/s`,
    ],
    columns - 1,
  );
}

/** Parts in a row, as many as fit. */
function fitting(parts: readonly string[], width: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}, ${part}`;
    if (longer.length <= width) line = longer;
  }
  return line;
}

/** Each value that executions came to, and a schedule that leads to it. */
export function outcomesText(so: Exploration): readonly string[] {
  if (so.outcomes.length === 0) return [];
  const rows = so.outcomes
    .toSorted((a, b) => (a.value < b.value ? -1 : 1))
    .map(
      ({ value, executions, schedule }) =>
        [clip(printable(String(value)), VALUE_MAX), count(executions), schedule] as const,
    );
  const width = Math.max(...rows.map(([value]) => value.length), 'outcome'.length);
  const wide = Math.max(...rows.map(([, times]) => times.length), 'times'.length);
  const line = (value: string, times: string, schedule: string): string =>
    `  ${value.padStart(width)}  ${times.padStart(wide)}  ${schedule}`;
  return [line('outcome', 'times', 'run --schedule'), ...rows.map((row) => line(...row))];
}
