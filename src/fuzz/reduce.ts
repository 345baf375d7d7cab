import { PARAM, type Param } from '../../kernel/param.ts';
import type { FuzzCase } from './case.ts';
import type { Work } from './work.ts';

/** What shrinking puts limits to, if the finding stays: the usual, so that nobody has to say them. */
const { stepsMax: _, ...USUAL } = PARAM;
const PLAIN: FuzzCase['param'] = { ...USUAL, ncpu: 1, tickInterval: 0 };

/**
 * Cases with one thing less: a process, a CPU, a limit that is unusual, a step. In the order of what
 * that is worth; `stepsMax` stays.
 */
function* less(one: FuzzCase): Generator<FuzzCase> {
  const { processes, param } = one;
  for (let i = 0; processes.length > 1 && i < processes.length; i++) {
    yield { ...one, processes: processes.toSpliced(i, 1) };
  }
  const { ncpu = 1 } = param;
  const unusual = Object.entries(PLAIN).filter(
    ([name, plain]) => param[name as keyof Param] !== plain,
  );
  if (unusual.length > 1) yield { ...one, param: { ...param, ...PLAIN, ncpu } };
  if (ncpu > 2) yield { ...one, param: { ...param, ncpu: ncpu - 1 } };
  for (const [name, plain] of unusual) yield { ...one, param: { ...param, [name]: plain } };
  for (const [i, steps] of processes.entries()) {
    for (let at = steps.length - 1; at >= 0; at--) {
      yield { ...one, processes: processes.with(i, steps.toSpliced(at, 1)) };
    }
  }
}

/**
 * Takes away one thing after another while the case still fails, until nothing can go: fast-check
 * shrinks what it drew, and leaves steps that no smaller draw would leave out.
 */
export function* reduce(whole: FuzzCase, fails: (one: FuzzCase) => Work<boolean>): Work<FuzzCase> {
  let one = whole;
  for (let before: FuzzCase | undefined; before !== one; ) {
    before = one;
    for (const smaller of less(before)) {
      if (!(yield* fails(smaller))) continue;
      one = smaller;
      break;
    }
  }
  return one;
}
