import { InternalError } from '../../machine/index.ts';
import { UsageError } from '../errors.ts';
import type { Beat } from './beat.ts';

/**
 * Runs a unit: a piece of work of 20 ms or more whose result depends on nothing but its task. Ends
 * early, with what it has, when `beat.rest()` answers false.
 */
export type Opened<Task = unknown, Result = unknown> = (task: Task, beat: Beat) => Promise<Result>;

/** A module that knows a kind of unit; tasks, results and setups are plain data. */
export interface UnitModule {
  /** Called once in each thread. */
  open(setup: unknown): Promise<Opened>;
}

/** What a thread answers. */
export interface Envelope {
  readonly result?: unknown;
  readonly failure?: Failure;
  /** Milliseconds that the unit took. */
  readonly ms: number;
}

/** An error as plain data. */
interface Failure {
  readonly isUsage: boolean;
  readonly message: string;
  readonly stack: string;
}

export function failureOf(error: unknown): Failure {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return { isUsage: error instanceof UsageError, message, stack };
}

/** The error again: the user's fault, or ours with the stack of where it was. */
export function errorOf({ isUsage, message, stack }: Failure): Error {
  if (isUsage) return new UsageError(message);
  const error = new InternalError(message);
  error.stack = stack;
  return error;
}
