import { PARAM, type Param } from '../../kernel/param.ts';
import type { FuzzFinding, Fuzzing } from '../fuzz/fuzz.ts';
import type { GuestSpec } from '../guest.ts';
import { count, plural, shellWord, wrap } from '../report/text.ts';
import type { Size } from '../shrink.ts';
import { flagOf } from './limits.ts';
import type { LookOptions } from './look.ts';
import type { Pace } from './pace.ts';

export interface FuzzCommandOptions extends LookOptions {
  readonly seed?: number;
  readonly programs?: number;
  readonly schedules: number;
  /** Seconds. */
  readonly maxTime?: number;
  readonly strategy: string;
  readonly mutant?: readonly string[];
  readonly detectors?: readonly string[];
  readonly keepGoing?: boolean;
  readonly shrink: boolean;
  readonly json?: boolean;
}

export function progress(
  so: Fuzzing,
  programs: number,
  pace: Pace,
  { maxTime }: FuzzCommandOptions,
): string {
  const rate = so.executions / pace.seconds;
  const millions = (so.operations / pace.seconds / 1e6).toFixed(1);
  const left = Math.min(
    ((programs - so.programs) / so.programs) * pace.seconds,
    (maxTime ?? Number.POSITIVE_INFINITY) - pace.seconds,
  );
  return [
    `${count(so.programs)} programs`,
    `${count(so.executions)} executions`,
    `${count(Math.round(rate))}/s`,
    `${millions} M operations/s`,
    `${count(so.findings.length)} found`,
    `${Math.max(0, Math.ceil(left))} s left`,
  ].join(', ');
}

/** What was covered: how much of what. */
export function covered(so: Fuzzing, pace: Pace): string[] {
  const { programs, executions, operations, abandoned, calls, findings } = so;
  // Shrinking and reports took their time, too.
  const rate = findings.length > 0 ? '' : `, ${count(Math.round(executions / pace.seconds))}/s`;
  const millions = `${(operations / 1e6).toFixed(1)} M operations`;
  const made = [...calls.counts].sort(([, a], [, b]) => b.made - a.made);
  const names = made.map(([name, { made: n, refused }], i) => {
    const refusals = refused > 0 ? ` (−1: ${count(refused)})` : '';
    return `${name} ${count(n)}${refusals}${i < made.length - 1 ? ',' : ''}`;
  });
  const lines = [
    `${plural(programs, 'program')}, ${plural(executions, 'execution')}, ${millions}${rate}`,
  ];
  if (abandoned > 0) {
    lines.push(`${plural(abandoned, 'execution')} reached the step limit and say nothing`);
  }
  if (made.length > 0) {
    const head = `${made.length} system calls, in one execution of each program: `;
    lines.push(wrap([...head.trim().split(' '), ...names], ''));
  }
  return lines;
}

/** The options of a command line that boots the same. */
function limitsText({ param, mutants, detectors }: GuestSpec): string[] {
  const limits = (Object.keys(param) as (keyof Param)[])
    .filter((name) => param[name] !== PARAM[name])
    .map((name) => `${flagOf(name)} ${param[name]}`);
  return [...limits, ...named('--mutant', mutants), ...named('--detectors', detectors)];
}

function named(flag: string, names: readonly string[] = []): string[] {
  return names.length === 0 ? [] : [`${flag} ${names.join(',')}`];
}

export function runText({ spec, strategy, seed }: FuzzFinding): string {
  const words = [spec.program, ...spec.args].map(shellWord);
  const options = [`--strategy ${strategy}`, `--seed ${seed}`, ...limitsText(spec)];
  return `xv6-replay run ${[...words, ...options].join(' ')}`;
}

/** The command that generates that program again, and nothing else. */
export function fuzzText({ program }: FuzzFinding, options: FuzzCommandOptions): string {
  const words = ['xv6-replay fuzz', `--seed ${program}`, '--programs 1'];
  return [...words, `--schedules ${options.schedules}`, ...chosen(options)].join(' ');
}

/** Options that decide what a program of a seed comes to. */
function chosen({ strategy, mutant, detectors }: FuzzCommandOptions): string[] {
  const words = strategy === 'portfolio' ? [] : [`--strategy ${strategy}`];
  return [...words, ...named('--mutant', mutant), ...named('--detectors', detectors)];
}

export function programSize({ args, param }: GuestSpec): string {
  const processes = args.filter((word) => word === '+').length + 1;
  const calls = args.length - 2 * (processes - 1);
  return `${plural(processes, 'process', 'processes')}, ${plural(calls, 'step')}, ${plural(param.ncpu, 'CPU')}`;
}

export const size = ({ preemptions, steps }: Size): string =>
  `${plural(preemptions, 'preemption')}, ${plural(steps, 'step')}`;

/** The command that goes on with the next program. */
export function resumeText(
  so: Fuzzing,
  seed: number,
  programs: number,
  options: FuzzCommandOptions,
): string {
  const { schedules, maxTime } = options;
  const words = ['xv6-replay fuzz', `--seed ${seed + so.programs}`, `--schedules ${schedules}`];
  if (programs < Number.MAX_SAFE_INTEGER) words.push(`--programs ${programs - so.programs}`);
  if (maxTime !== undefined) words.push(`--max-time ${maxTime}s`);
  if (options.keepGoing) words.push('--keep-going');
  return [...words, ...chosen(options)].join(' ');
}
