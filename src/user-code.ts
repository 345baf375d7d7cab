import { fileURLToPath } from 'node:url';
import { UsageError } from './errors.ts';

/** The folder that all our code lies in, built or not. */
const OURS = fileURLToPath(new URL('..', import.meta.url));

let isLoaded = false;

/** Whether something thrown where nobody catches it can be a user's doing: their code was loaded. */
export function isUserCode(error: unknown): boolean {
  if (!isLoaded) return false;
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  // The first place tells: what we call a user's code from is further down.
  const first = stack.split('\n').find((line) => /^\s+at /.test(line)) ?? '';
  return !first.includes(OURS);
}

/** Call before a user's code is evaluated: from then on it cannot end the process in our place. */
export function expectUserCode(): void {
  if (isLoaded) return;
  isLoaded = true;
  process.exit = () => {
    throw new UsageError('the program calls process.exit: a thread ends when it returns');
  };
}
