import type { FuzzCase } from './case.ts';

/** What shrinking puts each limit to, if the finding stays. */
const PLAIN: FuzzCase['param'] = {
  ncpu: 1,
  nproc: 6,
  nshm: 4,
  nshmpg: 4,
  noshm: 4,
  nofile: 8,
  nfile: 12,
  ninode: 8,
  npipe: 4,
  pipesize: 64,
  fssize: 12,
  nvma: 6,
  nobject: 8,
  nsegment: 4,
  frames: 96,
  tickInterval: 0,
  kallocFailsAt: 0,
};

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
  if (ncpu > 2) yield { ...one, param: { ...param, ncpu: ncpu - 1 } };
  for (const [name, plain] of Object.entries(PLAIN)) {
    if (param[name as keyof typeof param] === plain) continue;
    yield { ...one, param: { ...param, [name]: plain } };
  }
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
export function reduce(whole: FuzzCase, fails: (one: FuzzCase) => boolean): FuzzCase {
  let one = whole;
  for (let before: FuzzCase | undefined; before !== one; ) {
    before = one;
    for (const smaller of less(before)) {
      if (!fails(smaller)) continue;
      one = smaller;
      break;
    }
  }
  return one;
}
