import { wrongBy } from '../../detectors/model.ts';
import { PARAM, type Param } from '../../kernel/param.ts';
import type { Program } from '../../user/ulib.ts';
import { UsageError } from '../errors.ts';
import { callerOf } from '../loops/dropped.ts';
import type { Subject } from '../stage/stage.ts';
import { codeOf, hashOf } from './bare-subject.ts';
import { checkProcesses, type GuestSpec, limitedSpec, type OwnGuest } from './kernel-spec.ts';
import { kernelSubject } from './subject.ts';

/** A situation of one's own for the kernel: what boots, and what must hold. */
export interface OwnScenario {
  readonly name: string;
  readonly summary?: string;
  /**
   * Command lines of the processes that are there at the beginning, pids 2, 3, … in this order: of
   * `programs`, or of those that `xv6-replay list` shows.
   */
  readonly processes: readonly string[];
  /** User programs by name; one of ours of the same name steps back. */
  readonly programs?: Readonly<Record<string, Program>>;
  /** Default 2. */
  readonly cpus?: number;
  /** Limits of the kernel. */
  readonly param?: Partial<Param>;
  /**
   * What must hold after an execution that halts: answers true or nothing if it does; false, or a
   * text that says what is wrong, if not; or throws. Left out: every process of `processes` ends
   * with status 0.
   *
   * @param output all that was printed
   */
  readonly holds?: (output: string) => unknown;
  /**
   * What an execution that halts came to, to group executions by: a number or a text, or anything
   * that JSON can express. `explore` then looks for every value, with a schedule for each.
   *
   * @param output all that was printed
   * @param statuses exit statuses of `processes`, in their order, -1 also of one that was killed;
   *   undefined of one that has not exited
   */
  readonly outcome?: (output: string, statuses: readonly (number | undefined)[]) => unknown;
  /** Names of the detectors that watch; all if left out. */
  readonly detectors?: readonly string[];
}

/**
 * A scenario of one's own.
 *
 * ```ts
 * export default scenario({
 *   name: 'two writers',
 *   processes: ['writer foo 1', 'writer foo 2'],
 *   programs: {
 *     *writer(u, [, name = '', value = '']) {
 *       const od = yield* ulib.shm_open(u, name);
 *       ...
 *     },
 *   },
 * });
 * ```
 *
 * @throws UsageError for limits out of range, a program that does not exist, or too many processes.
 */
export function scenario(own: OwnScenario): Subject {
  const { name, summary = '', programs = {}, cpus, holds, outcome, detectors } = own;
  const processes = own.processes.map((line) => {
    const argv = line.split(' ').filter((word) => word !== '');
    return { name: argv[0] ?? '', argv };
  });
  const holding =
    holds === undefined ? {} : { holds: (output: string) => wrongBy(() => holds(output)) };
  if (processes.length === 0) throw new UsageError(`${name}: a scenario has a process or more`);
  const guest: OwnGuest = {
    scenario: { summary, processes, ...holding, ...(outcome === undefined ? {} : { outcome }) },
    programs: new Map(Object.entries(programs).map((entry) => checked(...entry))),
    fingerprint: hashOf([...Object.values(programs), ...own.processes, holds, outcome].join('\n')),
  };
  checkProcesses(guest);
  const limits = cpus === undefined ? own.param : { ...own.param, ncpu: cpus };
  const spec: GuestSpec = { program: name, args: [], param: PARAM, mutants: [], own: guest };
  const subject = kernelSubject(limitedSpec(spec, limits ?? {}, []));
  return { ...subject, detectors, site: callerOf(scenario) };
}

/** What a program's function answers is known only when it is called. */
function checked(name: string, program: Program): [string, Program] {
  return [name, (u, argv) => codeOf(`program ${name}`, () => program(u, argv))];
}
