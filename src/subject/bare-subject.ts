import { createHash } from 'node:crypto';
import { isPromise, type Model, messageOf } from '../../detectors/model.ts';
import { type BareOptions, BareProgram, type Parts } from '../../machine/bare.ts';
import { type Code, MEMORY_MODELS, type MemoryModel, ProgramError } from '../../machine/index.ts';
import { UsageError } from '../errors.ts';
import { callerOf } from '../loops/dropped.ts';
import { selectDetectors } from '../select-detectors.ts';
import type { Subject } from '../stage/stage.ts';

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
  /**
   * How memory orders stores: `sc`, at once, the default; `tso`, each thread's later but in order; `pso`,
   * each thread's later, and only those to one cell in order. A fence, a read-modify-write and whatever
   * locks, unlocks, waits or wakes waits until the stores of its thread are in memory.
   */
  readonly memory?: MemoryModel;
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
 * @throws UsageError when two parts share a name, or there is no thread, or more than 64; when a
 *   name is no text of one line, the description is async or uses its parts, or an option is wrong.
 */
export function program(
  name: string,
  build: (parts: ProgramParts) => void,
  options: ProgramOptions = {},
): Subject {
  const { stepsMax = STEPS_MAX, detectors, memory = 'sc' } = options;
  checkOptions(name, stepsMax, detectors);
  if (!MEMORY_MODELS.includes(memory)) {
    throw new UsageError(`${name}: memory is sc, tso or pso, not ${String(memory)}`);
  }
  const subject: Subject = {
    guest: 'bare',
    program: name,
    args: [],
    mutants: [],
    config: { stepsMax, ...(memory === 'sc' ? {} : { memory }) },
    detectors,
    isOwn: true,
    site: callerOf(program),
    fingerprint: () => hashOf(build.toString()),
    build() {
      const { stepsMax: most, memory: order = 'sc' } = this.config;
      const options = { stepsMax: Number(most), memory: order as MemoryModel };
      return { model: modelOf(this.program, build, options) };
    },
  };
  // Now, where its author can see whose mistake it is.
  subject.build();
  return subject;
}

function checkOptions(name: unknown, stepsMax: unknown, detectors: unknown): void {
  if (!isName(name)) throw new UsageError(NAMES);
  if (!Number.isSafeInteger(stepsMax) || Number(stepsMax) < 1) {
    throw new UsageError(`${name}: stepsMax is a whole number from 1 on, not ${String(stepsMax)}`);
  }
  if (detectors === undefined) return;
  if (!Array.isArray(detectors) || detectors.some((each) => typeof each !== 'string')) {
    throw new UsageError(`${name}: detectors is a list of names`);
  }
  inProgram(name, () => selectDetectors(detectors));
}

const NAMES = 'a name is a text of one line';

/** Names are told in lines of reports, and kept in traces. */
function isName(name: unknown): name is string {
  return typeof name === 'string' && /^\P{Cc}+$/u.test(name);
}

/** A mistake of its author, told as such. */
function inProgram<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw new UsageError(`${name}: ${messageOf(error)}`);
  }
}

/** SHA-256 in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Names a version of some code by its text. */
export function hashOf(text: string): string {
  return sha256(text).slice(0, 12);
}

function modelOf(name: string, build: (parts: ProgramParts) => void, options: BareOptions): Model {
  let outcome: (() => unknown) | undefined;
  let check: (() => unknown) | undefined;
  let isWhole = false;
  const described = new Map<string, Error>();
  const early = <Args extends unknown[], Made>(make: (...args: Args) => Made) => {
    return (...args: Args): Made => {
      if (!isName(args[0])) throw new ProgramError(NAMES);
      if (!isWhole) return make(...args);
      throw new ProgramError(`${args[0]} is made too late: make all parts before threads run`);
    };
  };
  const describe = (parts: Parts): void => {
    const thread = early(parts.thread);
    const task = early(parts.task);
    const made: unknown = build({
      cell: early(parts.cell),
      atomic: early(parts.atomic),
      mutex: early(parts.mutex),
      semaphore: early(parts.semaphore),
      condition: early(parts.condition),
      rwlock: early(parts.rwlock),
      barrier: early(parts.barrier),
      channel: early(parts.channel),
      parker: early(parts.parker),
      chance: early(parts.chance),
      array: early(parts.array),
      once: early(parts.once),
      task: (name, code) => {
        if (typeof code !== 'function') throw noGenerator(`task ${name}`);
        return task(name, () => codeOf(`task ${name}`, code));
      },
      fence: parts.fence,
      thread: (name, code) => {
        if (typeof code !== 'function') throw noGenerator(`thread ${name}`);
        described.set(name, new Error('described here'));
        thread(name, () => codeOf(`thread ${name}`, code));
      },
      outcome: (value) => {
        outcome = only('outcome', outcome, value);
      },
      check: (holds) => {
        check = only('check', check, holds);
      },
    });
    if (isPromise(made))
      throw new ProgramError('its description is async, and nothing waits for it');
    isWhole = true;
  };
  const bare = inProgram(name, () => new BareProgram(describe, options));
  return { program: bare, outcome, check, described };
}

function only<F>(what: string, before: F | undefined, given: F): F {
  if (before !== undefined) throw new ProgramError(`a program has one ${what}`);
  if (typeof given !== 'function') throw new ProgramError(`${what} takes a function`);
  return given;
}

/** What a function answers is known only when it is called. @throws ProgramError for no generator. */
export function codeOf(name: string, code: () => Code): Code {
  let made: unknown;
  try {
    made = code();
  } catch {
    // A plain function, which has already run.
  }
  if (isPromise(made) || typeof made !== 'object' || made === null) throw noGenerator(name);
  if (!(Symbol.iterator in made && 'next' in made)) throw noGenerator(name);
  return made as Code;
}

const noGenerator = (name: string): ProgramError =>
  new ProgramError(`${name} is not a generator: write function*`);
