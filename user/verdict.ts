import { type Context, getpid, type Part, print } from './ulib.ts';

/**
 * Ends a program's work: prints one line with what it found out. Answers the exit status: 0, or 1
 * when something was wrong.
 *
 * @param wrong what was not as it should be; undefined when all was
 */
export function* verdict(
  u: Context,
  program: string,
  wrong: string | undefined,
  seen: string,
): Part<number> {
  const pid = getpid(u) ?? (yield);
  yield* print(u, `${program}: pid ${pid}: ${wrong === undefined ? `ok, ${seen}` : wrong}\n`);
  return wrong === undefined ? 0 : 1;
}

/** Prints how a program wants to be called. Answers the exit status. */
export function* usage(u: Context, line: string): Part<number> {
  yield* print(u, `usage: ${line}\n`);
  return 1;
}

/** The integer that an argument spells, or undefined when it is missing, not one, or below `min`. */
export function integer(arg: string | undefined, min: number): number | undefined {
  const value = arg === undefined || !/^-?\d{1,10}$/.test(arg) ? Number.NaN : Number(arg);
  return value >= min ? value : undefined;
}
