import type { Crew, Timed } from './crew.ts';

/** Units in a row, whose results are taken in their order, whoever is done first. */
export interface Row<Task, Result> {
  /**
   * Makes the next task, of as many of the smallest units as are said, or fewer; undefined when
   * there are no more.
   */
  next(units: number): { readonly task: Task; readonly units: number } | undefined;
  /** Takes a result; answers whether to go on. */
  take(result: Result): boolean;
  /** Aborted, nothing further is taken, and what is running is left. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds that a task should take: sending one costs a fraction of one. */
const TASK_MS = 60;
const UNITS_MAX = 256;
/** Milliseconds before threads are started, which takes about as long. */
const ALONE_MS = 150;
/** Tasks made for each thread, so that none waits for the next. */
const AHEAD = 2;

/**
 * Runs a row of units on a crew. Which results are taken depends on the units alone, not on how many
 * threads there are or how fast: a unit's result is taken when those of all before it were, and the
 * first that says stop is the last.
 *
 * @throws what a unit throws, when it is its turn.
 */
export async function inOrder<Task, Result>(
  crew: Crew<Task, Result>,
  row: Row<Task, Result>,
): Promise<void> {
  let size = 1;
  const measured = ({ ms }: Timed<Result>, units: number): void => {
    const fit = Math.ceil((TASK_MS * units) / Math.max(ms, 0.1));
    // By and by: the first units are slow, before the code is compiled.
    size = Math.max(1, Math.min(fit, 2 * size, UNITS_MAX));
  };
  const goesOn = (): boolean => !crew.isStopped && row.signal?.aborted !== true;
  for (let alone = 0; goesOn() && (crew.jobs === 1 || alone < ALONE_MS); ) {
    const next = row.next(crew.jobs === 1 ? size : 1);
    if (next === undefined) return;
    const done = await crew.here(next.task);
    if (row.signal?.aborted || !row.take(done.result)) return;
    measured(done, next.units);
    alone += done.ms;
  }
  const running: Promise<Timed<Result>>[] = [];
  const fill = (): void => {
    while (running.length < AHEAD * crew.jobs && goesOn()) {
      const next = row.next(size);
      if (next === undefined) return;
      const run = crew.run(next.task).then((done) => {
        measured(done, next.units);
        return done;
      });
      // It is heard of in its turn.
      run.catch(() => undefined);
      running.push(run);
    }
  };
  fill();
  for (let first = running.shift(); first !== undefined; first = running.shift()) {
    const done = await unlessAborted(first, row.signal);
    if (done === undefined || !row.take(done.result)) return;
    fill();
  }
}

/** Undefined when it was aborted before. */
export async function unlessAborted<T>(
  run: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  if (signal === undefined) return run;
  if (signal.aborted) return undefined;
  let abort = (): void => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => resolve(undefined);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([run, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
