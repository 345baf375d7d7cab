import { makeStrategy } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { TraceMemory } from '../../traces/memory.ts';
import type { FuzzFinding } from '../fuzz/program.ts';
import { type Shrunk, shrink } from '../shrink/shrink.ts';
import { plural } from '../text.ts';
import { run } from '../verbs/run.ts';
import {
  type FuzzCommandOptions,
  fuzzText,
  programSize,
  runLines,
  runText,
  size,
} from './fuzz-text.ts';
import { runAndReport } from './run.ts';
import type { Shell } from './shell.ts';

/** The few switches of the shrunk program that matter. */
function shrunkSchedule({ spec, strategy, seed }: FuzzFinding): Shrunk {
  const memory = new TraceMemory();
  run(spec, { seed, strategy: makeStrategy(strategy) as Strategy, sink: memory.sink });
  return shrink(memory.bytes());
}

/** A line for programs: what was found in what. */
function foundJson(
  found: FuzzFinding,
  schedule: string | undefined,
  options: FuzzCommandOptions,
): object {
  const { spec, finding, program, strategy, seed, before, candidates, executions } = found;
  const { about: _, ...known } = finding;
  const what = { program: spec.program, args: spec.args, param: spec.param, mutants: spec.mutants };
  const how = { strategy, seed, before, schedule: schedule ?? null };
  const commands = { run: runText(found, schedule), fuzz: fuzzText(found, options) };
  return {
    finding: known,
    fuzzSeed: program,
    ...what,
    ...how,
    candidates,
    executions,
    ...commands,
  };
}

/** Runs what is left of a program once more, for its report and its trace, and says how to come here again. */
export async function reportFound(
  found: FuzzFinding,
  options: FuzzCommandOptions,
  shell: Shell,
): Promise<void> {
  const { spec, before, strategy, seed } = found;
  const shrunk = before > 0 || !options.shrink ? undefined : shrunkSchedule(found);
  if (options.json) {
    shell.json({ kind: 'fuzzed', ...foundJson(found, shrunk?.schedule, options) });
  }
  const { strategy: _, ...others } = options;
  const { ncpu: cpus, ...limits } = spec.param;
  const chooser = shrunk === undefined ? { strategy } : { schedule: shrunk.schedule };
  const asked = { ...others, ...limits, cpus, seed, detail: 1, ...chooser };
  await runAndReport(asked, [spec.program, ...spec.args], shell);
  if (!options.json) reportText(found, shrunk, options, shell);
}

function reportText(
  found: FuzzFinding,
  shrunk: Shrunk | undefined,
  options: FuzzCommandOptions,
  shell: Shell,
): void {
  const { spec, finding, from, before, candidates, executions } = found;
  if (before > 0) {
    const detail = finding.detail.map((line) => `  ${line}`).join('\n');
    shell.say(`${finding.title}\n${detail}`);
    shell.say(
      `seen after ${plural(before, 'execution')} of the program, not in the last one alone`,
    );
  }
  if (candidates > 0) {
    const effort = `${plural(candidates, 'program')} and ${plural(executions, 'execution')}`;
    shell.say(` Shrunk  the program from ${programSize(from)}`);
    shell.say(`         to ${programSize(spec)}, in ${effort}`);
  }
  if (shrunk !== undefined) {
    shell.say(` Shrunk  its schedule from ${size(shrunk.from)}\n         to ${size(shrunk.to)}`);
  }
  shell.say(` Run     ${runLines(found, shrunk?.schedule, '         ')}`);
  shell.say(` Fuzz    ${fuzzText(found, options)}`);
}
