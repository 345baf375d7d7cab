import { createHash } from 'node:crypto';
import { BareProgram, type Parts } from '../machine/bare.ts';
import { type Code, ProgramError } from '../machine/index.ts';
import { UsageError } from './errors.ts';
import { type Model, messageOf } from './model.ts';
import type { Subject } from './stage.ts';

/** What a bare program is made of, and what is said of it. */
export interface ProgramParts extends Parts {
  /**
   * The value of an execution that halted, to print and to group executions by: a number or a text,
   * or anything that JSON can express. It looks (`x.value`), and performs no operations.
   */
  outcome(value: () => unknown): void;
  /**
   * What must hold when an execution has halted: answers true or nothing if it does; false, or a
   * text that says what is wrong, if not; or throws. It looks, as `outcome` does.
   */
  check(holds: () => unknown): void;
}

export interface ProgramOptions {
  /** Operations after which an execution is called endless. Default 100,000. */
  readonly stepsMax?: number;
  /** Names of the detectors that watch, for programs that race on purpose; all if left out. */
  readonly detectors?: readonly string[];
}

const STEPS_MAX = 100_000;

/**
 * A bare program: a handful of threads over shared cells, mutexes, semaphores and condition variables,
 * without a kernel.
 *
 * ```ts
 * export default program('x = 5', ({ cell, thread, outcome, check }) => {
 *   const x = cell('x', 5);
 *   thread('add', function* () {
 *     const v = x.load() ?? (yield);
 *     x.store(v + 1) ?? (yield);
 *   });
 *   thread('double', function* () {
 *     const v = x.load() ?? (yield);
 *     x.store(v * 2) ?? (yield);
 *   });
 *   outcome(() => x.value);
 *   check(() => x.value >= 11 || 'an update was lost');
 * });
 * ```
 *
 * @param build describes it; called whenever the program is built anew
 * @throws UsageError when two parts share a name, or there is no thread, or more than 64.
 */
export function program(
  name: string,
  build: (parts: ProgramParts) => void,
  options: ProgramOptions = {},
): Subject {
  const { stepsMax = STEPS_MAX, detectors } = options;
  const subject: Subject = {
    guest: 'bare',
    program: name,
    args: [],
    mutants: [],
    config: { stepsMax },
    detectors,
    isOwn: true,
    fingerprint: () => hashOf(build.toString()),
    build() {
      return { model: modelOf(this.program, build, Number(this.config.stepsMax)) };
    },
  };
  // Now, where its author can see whose mistake it is.
  subject.build();
  return subject;
}

/** Names a version of some code by its text. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function modelOf(name: string, build: (parts: ProgramParts) => void, stepsMax: number): Model {
  let outcome: (() => unknown) | undefined;
  let check: (() => unknown) | undefined;
  let isWhole = false;
  const early = <Args extends unknown[], Made>(make: (...args: Args) => Made) => {
    return (...args: Args): Made => {
      if (!isWhole) return make(...args);
      throw new ProgramError(`${args[0]} is made too late: make all parts before threads run`);
    };
  };
  const described = (parts: Parts): void => {
    const thread = early(parts.thread);
    build({
      cell: early(parts.cell),
      mutex: early(parts.mutex),
      semaphore: early(parts.semaphore),
      condition: early(parts.condition),
      thread: (name, code) => thread(name, () => codeOf(`thread ${name}`, code)),
      outcome: (value) => {
        outcome = value;
      },
      check: (holds) => {
        check = holds;
      },
    });
    isWhole = true;
  };
  try {
    const bare = new BareProgram(described, { stepsMax });
    return { program: bare, outcome, check };
  } catch (error) {
    throw new UsageError(`${name}: ${messageOf(error)}`);
  }
}

/** What a function answers is known only when it is called. @throws ProgramError for no generator. */
export function codeOf(name: string, code: () => Code): Code {
  let made: unknown;
  try {
    made = code();
  } catch {
    // A plain function, which has already run.
  }
  const isGenerator = typeof made === 'object' && made !== null && Symbol.iterator in made;
  if (!isGenerator) throw new ProgramError(`${name} is no generator: write function*`);
  return made as Code;
}
