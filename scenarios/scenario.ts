import type { Param } from '../kernel/param.ts';

/** A named situation to explore: what boots, with which limits, and what must hold. */
export interface Scenario {
  readonly summary: string;
  /** Children of init, ready to run when the exploration begins; pids 2, 3, … in this order. */
  readonly processes: readonly { readonly name: string; readonly argv: readonly string[] }[];
  readonly param?: Partial<Param>;
  /**
   * What must hold after an execution that halts, beyond what the detectors watch.
   *
   * @param output all that was printed
   * @returns what is wrong, or undefined.
   */
  readonly holds?: (output: string) => string | undefined;
  /**
   * What an execution that halts came to, to group executions by.
   *
   * @param output all that was printed
   * @param statuses exit statuses of `processes`, in their order, -1 also of one that was killed;
   *   undefined of one that has not exited
   */
  readonly outcome?: (output: string, statuses: readonly (number | undefined)[]) => unknown;
  /** Whether its own programs race in the memory that they share, as `race` then rightly reports. */
  readonly races?: boolean;
}

/** A kernel small enough that an execution is cheap and that its limits are near. */
export const SMALL: Partial<Param> = {
  ncpu: 2,
  nproc: 6,
  nshm: 4,
  nshmpg: 4,
  noshm: 4,
  nvma: 6,
  nobject: 4,
  nsegment: 3,
  nposix: 3,
  nofile: 6,
  nfile: 8,
  ninode: 6,
  npipe: 2,
  pipesize: 32,
  fssize: 8,
  frames: 96,
  tickInterval: 0,
  stepsMax: 200_000,
};

/** Processes from the command lines that would start them. */
export function processes(...lines: readonly string[]): Scenario['processes'] {
  return lines.map((line) => {
    const argv = line.split(' ');
    return { name: argv[0] as string, argv };
  });
}

/**
 * Holds when no program printed a verdict that is not `ok`, and each of `count` came to one or was
 * killed: a page fault that finds no memory kills.
 */
export function okOrKilled(count: number): (output: string) => string | undefined {
  return (output) => {
    const kills = output.match(/^usertrap\(\): unexpected/gm)?.length ?? 0;
    const verdicts = output.match(/^\S+: pid \d+: /gm)?.length ?? 0;
    return (
      allOk(verdicts)(output) ?? (verdicts + kills < count ? 'a program is missing' : undefined)
    );
  };
}

/** The number that the only line of the output says: `x = 12`. */
export function numberPrinted(output: string): number | string {
  const digits = /^\S+ = (-?\d+)\n$/.exec(output)?.[1];
  return digits === undefined ? output : Number(digits);
}

/** Holds when exactly `count` programs printed their verdict, and all of them `ok`. */
export function allOk(count: number): (output: string) => string | undefined {
  return (output) => {
    const verdicts = output.match(/^\S+: pid \d+: .*$/gm) ?? [];
    const wrong = verdicts.find((line) => !/: pid \d+: ok, /.test(line));
    if (wrong !== undefined) return wrong;
    if (verdicts.length === count) return undefined;
    return `${verdicts.length} of ${count} programs came to a verdict`;
  };
}
