import type { Finding } from '../../detectors/finding.ts';
import type { Report } from '../explain/report.ts';
import { type Incomplete, incompleteOf } from '../explore/incomplete.ts';
import { incompleteText } from '../report/exploration-text.ts';
import { findingText, passesText, REPORT_WIDTH, reported } from '../report/finding-text.ts';
import { makeInk } from '../report/ink.ts';
import { shrink } from '../shrink/shrink.ts';
import { checkFound } from '../stage/determinism.ts';
import { underLimitsOf } from '../stage/schedule.ts';
import type { Subject } from '../stage/stage.ts';
import { type Runnable, subjectOf } from '../subject/subject.ts';
import { plural } from '../text.ts';
import { type Discovery, type Exploration, type ExploreOptions, explore } from './explore.ts';
import { run } from './run.ts';

/** What `verify` throws: the message says what was found, why, and how to see it again. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  readonly finding: Finding;
  /** The shrunk schedule: `run(subject, { schedule })` runs into the finding again. */
  readonly schedule: string;
  /** The finding explained; undefined where only several executions together show it. */
  readonly report: Report | undefined;
  readonly exploration: Exploration;

  constructor(shown: Shown, exploration: Exploration) {
    super(shown.text);
    this.finding = shown.finding;
    this.schedule = shown.schedule;
    this.report = shown.report;
    this.exploration = exploration;
  }
}

/** What `verify` throws when nothing was found, and not everything was tried. */
export class IncompleteError extends Error {
  override readonly name = 'IncompleteError';
  readonly incomplete: readonly Incomplete[];
  readonly exploration: Exploration;

  constructor(incomplete: readonly Incomplete[], exploration: Exploration) {
    const why = incomplete.map((each) => incompleteText(each, exploration)).join('; ');
    const found = `nothing found in ${plural(exploration.executions, 'execution')}`;
    super(`not complete: ${why}; ${found}. { allowIncomplete: true } lets that pass`);
    this.incomplete = incomplete;
    this.exploration = exploration;
  }
}

export interface VerifyOptions extends ExploreOptions {
  /**
   * Whether a search that found nothing may end before all is tried. Default false: a test that
   * passes is a proof. Strategies that draw claim nothing, and pass.
   */
  readonly allowIncomplete?: boolean;
}

/** A finding as it is to be seen. */
interface Shown {
  readonly text: string;
  readonly finding: Finding;
  readonly schedule: string;
  readonly report: Report | undefined;
}

/** Executions at most, unless more are asked for: a test is to end. */
const SCHEDULES = 100_000;

/**
 * Explores a subject, for a test of one's own: one line in a test of vitest, node:test or fast-check.
 *
 * ```ts
 * it('no update is lost', () => {
 *   verify(race);
 * });
 * ```
 *
 * @param options as of `explore`; 100,000 executions at most unless `schedules` says otherwise
 * @returns what was explored
 * @throws VerificationError with the shrunk schedule, its explanation and how to replay it, when
 *   something is found; IncompleteError when a search found nothing, but did not try everything and
 *   `allowIncomplete` is not set; UsageError as explore, and for a program that is not deterministic.
 */
export function verify(what: Runnable, options: VerifyOptions = {}): Exploration {
  const subject = subjectOf(what);
  const exploration = explore(subject, { schedules: SCHEDULES, ...options });
  const [first] = exploration.discoveries;
  if (first === undefined) {
    const incomplete = incompleteOf(exploration);
    if (incomplete.length === 0 || options.allowIncomplete === true) return exploration;
    throw new IncompleteError(incomplete, exploration);
  }
  throw new VerificationError(shown(subject, first), exploration);
}

function shown(subject: Subject, { finding, schedule }: Discovery): Shown {
  const found = run(subject, { schedule, record: true });
  if (found.finding === undefined || found.trace === undefined) {
    checkFound(subject, [{ finding, schedule }]);
    // An order of locks, for example, is learnt over several executions.
    const lines = [
      finding.title,
      ...finding.detail,
      `seen over several schedules, last ${schedule}`,
    ];
    return { text: lines.join('\n  '), finding, schedule, report: undefined };
  }
  const shrunk = shrink(found.trace, subject);
  const small = underLimitsOf(schedule, shrunk.schedule);
  const last = run(subject, { schedule: small });
  const { report, header } = last;
  const text = findingText(reported(shrunk.finding, last.id, report), header, { ink: PLAIN });
  const again = `run(subject, { schedule: '${small}' })`;
  const { passing } = shrunk;
  const passes = passing === undefined ? [] : [passesText(passing.text, REPORT_WIDTH)];
  const whole = [`${shrunk.finding.title}\n`, text, ...passes, ` Replay  ${again}`].join('\n');
  return { text: whole, finding: shrunk.finding, schedule: small, report };
}

const PLAIN = makeInk(false);
