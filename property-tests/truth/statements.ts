import type { Source, Statement } from './generated.ts';

// Statements of a program that was generated, found wrong and shrunk, to write it down. Cells begin
// with 0, semaphores with 1; what is accessed is the first of its kind.

export const load: Statement = { do: 'load', cell: 0 };
export const wait: Statement = { do: 'wait', semaphore: 0 };
export const post: Statement = { do: 'post', semaphore: 0 };
export const condWait: Statement = { do: 'await', condition: 0, mutex: 0 };
export const signal: Statement = { do: 'signal', condition: 0 };

export const store = (value: number): Statement => ({
  do: 'store',
  cell: 0,
  value,
  relative: false,
});

export const cas = (expected: number, desired: number): Statement => ({
  do: 'compareExchange',
  cell: 0,
  expected,
  desired,
});

export const lock = (...body: Statement[]): Statement => ({ do: 'locked', mutex: 0, body });

/** On the last answer. */
export const when = (
  equals: number,
  body: Statement[],
  otherwise: Statement[] = [],
): Statement => ({ do: 'if', equals, body, otherwise });

/** The same on a second cell. */
export const other = (statement: Statement): Statement => ({ ...statement, cell: 1 }) as Statement;

export const program = (...threads: Statement[][]): Source => ({ cells: 2, threads });
