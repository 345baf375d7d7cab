import type { DetectorKind } from '../../detectors/detector.ts';
import type { About, Finding } from '../../detectors/finding.ts';
import { DETECTORS } from '../../detectors/index.ts';
import { type Observer, StopExecution } from '../../machine/index.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { Stage } from '../stage/stage.ts';
import { type Runnable, subjectOf } from '../subject/subject.ts';
import { aboutOf, aboutTheEnd } from './about.ts';
import { Capture } from './capture.ts';
import { type Case, isAccess, type Story } from './history.ts';
import type { Moment } from './moment.ts';
import { REPORT_VERSION, type Report } from './report.ts';
import { guestStack } from './source.ts';
import { stackText, steps } from './steps.ts';
import { disciplineStory, raceStory } from './stories/access.ts';
import { bareStory } from './stories/bare.ts';
import { frameStory, leakStory } from './stories/frames.ts';
import { generalStory, panicStory, programStory } from './stories/general.ts';
import { deadlockStory, heldStory, orderStory, wakeupStory } from './stories/locks.ts';
import { tableStory } from './stories/table.ts';

/** What to run once more. */
export interface Again {
  readonly subject: Runnable;
  readonly seed: number;
  /** The one that made the choices, or a replay of them. */
  readonly strategy: Strategy;
  readonly finding: Finding;
  /** Those that found it; all of them if left out. */
  readonly detectors?: readonly DetectorKind[];
}

/** Depth of the host's stack while the guest's is captured: guest calls are generators, two deep each. */
const STACK_DEPTH = 60;

/**
 * Explains a finding: runs the same schedule again on a stage of its own, now with everything kept
 * that concerns the finding, and tells it as a report. The same finding always gets the same report.
 */
export function explain(again: Again): Report {
  const { finding } = again;
  const stage = new Stage(subjectOf(again.subject));
  const about = aboutOf(stage, finding);
  let seen = see(again, stage, about);
  const more = aboutTheEnd(stage, finding);
  if (more.length > 0) {
    seen = see(again, new Stage(stage.subject), {
      ...about,
      words: [...(about.words ?? []), ...more],
    });
  }
  const { c, waiting, switches } = seen;
  const story = storyOf(c, waiting);
  return {
    version: REPORT_VERSION,
    summary: story.summary,
    detail: finding.detail,
    steps: steps(c, story, switches),
    why: story.why,
    switches: switches.filter((step) => step < finding.step).length,
    stack: stackText(guestStack(c.capture.thrown)),
  };
}

/** What an execution showed of a finding. */
interface Seen {
  readonly c: Case;
  readonly waiting: readonly Moment[];
  readonly switches: readonly number[];
}

function see(
  { seed, strategy, finding, detectors = DETECTORS }: Again,
  stage: Stage,
  about: About,
): Seen {
  const { machine } = stage;
  const capture = new Capture(stage, about, finding.step);
  stage.watch({ detectors: [capture.detector, ...detectors], events: capture.events });
  if (machine.observer !== null) machine.observer = both(capture, machine.observer, finding.step);
  const switches: number[] = [];
  machine.onSwitch = (step) => switches.push(step);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK_DEPTH;
  try {
    stage.execute(strategy, seed);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const thread = machine.current.id;
  const moments = capture.moments.filter((m) => m.step <= finding.step);
  const waiting = capture.waiting();
  const last =
    waiting.find((m) => m.step === finding.step && m.thread === thread) ??
    moments.findLast((m) => m.step === finding.step && m.thread === thread);
  return { c: { finding, capture, moments, last }, waiting, switches };
}

/**
 * The capture sees each operation before the detectors, which may end the execution there. One that
 * does not find it again, because it had learnt from other executions, ends at the same step.
 */
function both(capture: Capture, inner: Observer, until: number): Observer {
  const { m } = capture;
  return {
    entering: (kind, a, b, c) => {
      if (m.step > until) throw new StopExecution();
      capture.entering(kind, a);
      inner.entering?.(kind, a, b, c);
    },
    locking: (lock) => inner.locking?.(lock),
    performed: (kind, a, b, c, answer) => {
      capture.performed(kind, a, b, c, answer);
      inner.performed(kind, a, b, c, answer);
    },
    accessed: (kind, address, va, value, answer) => {
      capture.accessed(kind, address, va);
      inner.accessed(kind, address, va, value, answer);
    },
    drained: (cpu, address, value) => {
      if (m.step > until) throw new StopExecution();
      capture.drained(cpu, address, value);
      inner.drained?.(cpu, address, value);
    },
    switching: (from, to) => {
      capture.switching(from, to);
      inner.switching(from, to);
    },
  };
}

function storyOf(c: Case, waiting: readonly Moment[]): Story {
  if (c.capture.kernel === undefined) return bareStory(c, waiting);
  switch (c.finding.detector) {
    case 'race':
      return raceStory(c) ?? generalStory(c);
    case 'lock-discipline':
      return disciplineStory(c) ?? generalStory(c);
    case 'lock-order':
      return orderStory(c, waiting);
    case 'sleeping-with-lock':
      return heldStory(c);
    case 'lost-wakeup':
      return wakeupStory(c);
    case 'deadlock':
      return deadlockStory(c, waiting);
    case 'leak':
      return leakStory(c);
    case 'panic':
      return panicStory(c);
    case 'program':
      return programStory(c);
    default:
      return byAbout(c);
  }
}

/** A detector that is not known here is told by what it says it is about. */
function byAbout(c: Case): Story {
  const { frames = [], words = [] } = c.finding.about ?? {};
  if (frames.length > 0) return frameStory(c);
  if (words.length > 0 && c.moments.some(isAccess)) return tableStory(c);
  return generalStory(c);
}
