import type { BareProgram } from '../machine/bare.ts';
import { type Observer, ProgramError } from '../machine/index.ts';

/** What an execution came to, to print and to group executions by. */
export type OutcomeValue = string | number;

/** Threads without a kernel, and what their author says of an execution that halted. */
export interface Model {
  readonly program: BareProgram;
  /** Its value: a number or a text, or anything that JSON can express. */
  readonly outcome?: (() => unknown) | undefined;
  /** What must hold: true or nothing if it does; false, a text that says what is wrong, or a throw. */
  readonly check?: (() => unknown) | undefined;
  /** By thread, an error whose stack says where it was described. */
  readonly described?: ReadonlyMap<string, Error>;
}

/** The value of the execution that has just halted. @throws ProgramError when its author's code does. */
export function outcomeOf({ program, outcome }: Model): OutcomeValue | undefined {
  return outcome && valueFrom(() => looking(program, outcome));
}

/** What an author's code says an execution came to. @throws ProgramError when it throws. */
export function valueFrom(outcome: () => unknown): OutcomeValue {
  try {
    const value = outcome();
    if (isPromise(value)) throw new Error('it is async');
    if (typeof value === 'string' || Number.isFinite(value)) return value as OutcomeValue;
    const isNumber = typeof value === 'number' || typeof value === 'bigint';
    return (isNumber ? undefined : JSON.stringify(value)) ?? String(value);
  } catch (error) {
    throw new ProgramError(`the outcome cannot be told: ${messageOf(error)}`);
  }
}

/** Whether code was async, which nothing waits for; what it throws later is dropped. */
export function isPromise(value: unknown): boolean {
  if (Object.prototype.toString.call(value) !== '[object Promise]') return false;
  (value as { catch?(drop: () => void): void }).catch?.(() => undefined);
  return true;
}

/**
 * What is wrong with the execution that has just halted, in a line; undefined for nothing.
 *
 * @throws ProgramError when its author's code performs an operation.
 */
export function wrongIn({ program, check }: Model): string | undefined {
  return check && wrongBy(() => looking(program, check));
}

/** What a claim says is wrong: it answers true or nothing if all is well, or throws. */
export function wrongBy(claim: () => unknown): string | undefined {
  try {
    const answer = claim();
    if (answer === true || answer === undefined) return undefined;
    if (isPromise(answer)) throw new ProgramError('the check is async: nothing waits for it');
    if (typeof answer === 'string' && answer.trim() !== '') return messageOf(answer);
    return `the check answers ${answer === '' ? "''" : String(answer)}`;
  } catch (error) {
    if (error instanceof ProgramError) throw error;
    return messageOf(error);
  }
}

/** Calls code that may look at the machine but not use it: the execution is over. */
function looking(program: BareProgram, look: () => unknown): unknown {
  const { machine } = program;
  const { observer } = machine;
  machine.observer = LOOKER;
  try {
    return look();
  } finally {
    machine.observer = observer;
  }
}

const refuse = (): never => {
  throw new ProgramError('outcome and check look (x.value), they perform no operations (x.load())');
};
const LOOKER: Observer = {
  entering: refuse,
  performed: refuse,
  accessed: refuse,
  switching: refuse,
};

/** The first line of what was thrown, whatever that is. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : textOf(error);
  const [line = ''] = text.split('\n').filter((each) => each.trim() !== '');
  return line === '' && error instanceof Error ? error.name : line;
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'an object';
  }
}
