import type { Param } from '../../kernel/param.ts';
import { processes, type Scenario, SMALL } from '../scenario.ts';

/**
 * The fewest calls that can show one kind of mistake: a script for each process. On the kernel as
 * it is, every step answers what it says and nothing is printed.
 */
export function situation(
  summary: string,
  scripts: readonly string[],
  param: Partial<Param> = {},
): Scenario {
  return {
    summary,
    processes: processes(...scripts.map((script) => `script ${script}`.trim())),
    param: { ...SMALL, ...param },
    holds: (output) => (output === '' ? undefined : output),
  };
}

/** What is printed when one process is killed by its access, and nothing else happens. */
export const KILLED = /^usertrap\(\): unexpected scause .*\n.*\n$/;

/** The same for a script whose last step must kill the process that runs it. */
export function fatal(
  summary: string,
  scripts: readonly string[],
  param: Partial<Param> = {},
): Scenario {
  return {
    ...situation(summary, scripts, param),
    holds: (output) => (KILLED.test(output) ? undefined : `nobody was killed: ${output}`),
  };
}
