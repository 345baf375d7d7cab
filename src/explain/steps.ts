import { type Case, placeOf, type Story } from './history.ts';
import type { Moment } from './moment.ts';
import type { ReportStep } from './report.ts';
import { guestStack, placeText, type SourcePlace } from './source.ts';
import { lockName, valueText } from './value.ts';

/** Steps in a report's short story, and in the long one. */
const MAIN_MAX = 14;
const STEPS_MAX = 60;
const STACK_MAX = 8;

export function stackText(stack: readonly SourcePlace[]): string[] {
  return stack.slice(0, STACK_MAX).map((place) => `${place.function} ${placeText(place)}`.trim());
}

/** The steps of a report: those that matter, and around them the latest that were captured. */
export function steps(c: Case, story: Story, switches: readonly number[]): ReportStep[] {
  const main = new Set(story.main);
  const short = new Set(inOrder(c, [...main]).slice(-MAIN_MAX));
  const others = c.moments.filter((m) => !main.has(m) && m.kind !== 'switch');
  const room = Math.max(0, STEPS_MAX - short.size);
  const all = inOrder(c, [...short, ...(room === 0 ? [] : others.slice(-room))]);
  const result: ReportStep[] = [];
  let before: Moment | undefined;
  for (const m of all) {
    const previous = result[result.length - 1];
    const row = stepOf(c, m, story, short.has(m), between(switches, before, m));
    before = m;
    if (previous !== undefined && same(previous, row)) {
      result[result.length - 1] = { ...previous, repeated: previous.repeated + 1 };
    } else {
      result.push(row);
    }
  }
  return result;
}

/** By step; at one step in the order in which they were captured, what never came last. */
function inOrder(c: Case, moments: readonly Moment[]): Moment[] {
  const place = new Map(c.moments.map((m, i) => [m, i]));
  const of = (m: Moment): number =>
    place.get(m) ?? (m.kind === 'spin' || m.kind === 'panic' ? 1e9 : -1);
  return [...moments].sort((a, b) => a.step - b.step || of(a) - of(b));
}

/** Switches of the scheduler after one moment and not after the other. */
function between(switches: readonly number[], from: Moment | undefined, to: Moment): number {
  if (from === undefined) return 0;
  return switches.filter((step) => step >= from.step && step < to.step).length;
}

function stepOf(c: Case, m: Moment, story: Story, main: boolean, switched: number): ReportStep {
  const { layout } = c.capture.m;
  const { step, cpu, pid, call, kind, name, by } = m;
  const access = /^(load|store|modify|plain)$/.test(kind);
  return {
    step,
    cpu,
    pid,
    ...(by === '' ? {} : { thread: by }),
    call,
    kind,
    name,
    ...(access && m.before !== undefined ? { before: m.before } : {}),
    ...(access ? { after: m.after, values: values(m) } : {}),
    locks: m.locks.map((lock) => lockName(layout, lock)),
    at: placeOf(m),
    stack: kind === 'plain' ? [] : stackText(guestStack(m.error)),
    switches: switched,
    repeated: 0,
    remark: story.remarks?.get(m) ?? '',
    main,
    failing: m === c.last || kind === 'panic',
  };
}

function values({ kind, name, before, after }: Moment): string {
  const now = valueText(name, after);
  // A read-modify-write that leaves what was there is a look at it.
  const reads = kind === 'load' || (kind === 'modify' && before === after);
  return reads || before === undefined ? now : `${valueText(name, before)}→${now}`;
}

/** Whether a step only repeats the one before it. */
function same(a: ReportStep, b: ReportStep): boolean {
  return (
    !a.failing &&
    !b.failing &&
    a.main === b.main &&
    b.remark === '' &&
    a.kind === b.kind &&
    a.name === b.name &&
    a.pid === b.pid &&
    a.thread === b.thread &&
    a.cpu === b.cpu &&
    a.at === b.at &&
    a.values === b.values
  );
}
