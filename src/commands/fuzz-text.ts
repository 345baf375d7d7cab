import { PARAM, type Param } from '../../kernel/param.ts';
import type { Done } from '../campaign/beat.ts';
import type { FuzzCounts, FuzzShare } from '../fuzz/fuzz.ts';
import type { FuzzFinding } from '../fuzz/program.ts';
import type { Size } from '../shrink/shrink.ts';
import type { GuestSpec } from '../subject/kernel-spec.ts';
import { count, plural, shellWord, wrap } from '../text.ts';
import { flagOf } from './limits.ts';
import type { LookOptions } from './look.ts';
import type { CampaignCommandOptions } from './resume.ts';

/** Widest line of a command. */
const COLUMNS = 100;
const CONTINUED = ' \\';

export interface FuzzCommandOptions extends LookOptions, CampaignCommandOptions {
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

/** How long it takes: so far, and at most from now on. */
interface Time {
  readonly seconds: number;
  readonly secondsLeft: number;
}

/** How far a campaign is, in one line. */
export function progressText(
  { programs, executions, operations, hits }: FuzzShare,
  running: Done,
  most: number,
  { seconds, secondsLeft }: Time,
): string {
  const all = executions + running.executions;
  const millions = ((operations + running.operations) / seconds / 1e6).toFixed(1);
  const left = Math.min(((most - programs) / programs) * seconds, secondsLeft);
  const parts = [
    plural(programs, 'program'),
    `${count(all)} executions`,
    `${count(Math.round(all / seconds))}/s`,
    `${millions} M operations/s`,
    `${count(hits.length)} found`,
  ];
  if (Number.isFinite(left)) parts.push(`${count(Math.ceil(Math.max(0, left)))} s left`);
  return parts.join(', ');
}

/** What was covered: how much of what. */
export function coveredText(so: FuzzCounts, rate: number | undefined): string[] {
  const { programs, executions, operations, abandoned, calls } = so;
  const millions = `${(operations / 1e6).toFixed(1)} M operations`;
  const done = [plural(programs, 'program'), plural(executions, 'execution'), millions];
  if (rate !== undefined) done.push(`${count(Math.round(rate))}/s`);
  const lines = [done.join(', ')];
  if (abandoned > 0) {
    lines.push(`${plural(abandoned, 'execution')} reached the step limit and prove nothing`);
  }
  const made = [...calls].sort(([, a], [, b]) => b.made - a.made);
  const names = made.map(([name, { made: n, refused }], i) => {
    const refusals = refused > 0 ? ` (−1: ${count(refused)})` : '';
    return `${name} ${count(n)}${refusals}${i < made.length - 1 ? ',' : ''}`;
  });
  if (made.length > 0) {
    const head = `${made.length} system calls, in one execution of each program: `;
    lines.push(wrap([...head.trim().split(' '), ...names], ''));
  }
  return lines;
}

/** The options of a command line that boots the same. */
function limitsText({ spec: { param, mutants, detectors }, finding }: FuzzFinding): string[] {
  const limits = (Object.keys(param) as (keyof Param)[])
    .filter((name) => param[name] !== PARAM[name])
    // Where the execution ends before, its limit does not matter.
    .filter((name) => name !== 'stepsMax' || finding.step >= param.stepsMax)
    .map((name) => `${flagOf(name)} ${param[name]}`);
  return [...limits, ...named('--mutant', mutants), ...named('--detectors', detectors)];
}

function named(flag: string, names: readonly string[] = []): string[] {
  return names.length === 0 ? [] : [`${flag} ${names.join(',')}`];
}

/** The command that runs what is left of the program, in parts: its processes, then the options. */
function runParts(found: FuzzFinding, schedule: string | undefined): string[] {
  const { spec, strategy, seed } = found;
  const processes: string[][] = [['xv6-replay', 'run', spec.program]];
  for (const word of spec.args) {
    if (word === '+') processes.push([word]);
    else processes.at(-1)?.push(shellWord(word));
  }
  const chooser = schedule === undefined ? `--strategy ${strategy}` : `--schedule ${schedule}`;
  const options = [chooser, `--seed ${seed}`, ...limitsText(found)];
  return [...processes.map((words) => words.join(' ')), ...options];
}

/** @param schedule if it was shrunk */
export function runText(found: FuzzFinding, schedule: string | undefined): string {
  return runParts(found, schedule).join(' ');
}

/** The same in lines, a process a line, that a shell takes as one. */
export function runLines(found: FuzzFinding, schedule: string | undefined, indent: string): string {
  const lines: string[] = [];
  for (const part of runParts(found, schedule)) {
    const last = lines.at(-1) ?? '';
    const both = `${last} ${part}`;
    const fits = indent.length + both.length + CONTINUED.length <= COLUMNS;
    if (fits && last.startsWith('  --')) lines[lines.length - 1] = both;
    else lines.push(lines.length === 0 ? part : `  ${part}`);
  }
  return lines.join(`${CONTINUED}\n${indent}`);
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
