import { expect } from 'vitest';
import type { Finding } from '../detectors/finding.ts';
import { DETECTORS } from '../detectors/index.ts';
import type { MutantName } from '../kernel/mutants.ts';
import { BareProgram, type Parts } from '../machine/bare.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { selectDetectors } from '../src/select-detectors.ts';
import { execute, watch } from '../src/stage/execution.ts';
import { bootGuest, guestSpec } from '../src/subject/kernel-spec.ts';

/* What detectors find in many random schedules of one program. */

const EXECUTIONS = 300;
const strategy = new RandomWalk();

/** The findings of a bare program, one for each title. */
function inProgram(build: (parts: Parts) => void, stepsMax: number): Finding[] {
  const program = new BareProgram(build, { stepsMax });
  watch(program);
  const found = new Map<string, Finding>();
  for (let seed = 1; seed <= EXECUTIONS; seed++) {
    const { finding } = execute(program, strategy, seed);
    if (finding !== undefined) found.set(finding.title, finding);
  }
  return [...found.values()];
}

/** Looks bad, is correct: no detector says anything. */
export function silent(build: (parts: Parts) => void): void {
  expect(inProgram(build, 20_000)).toEqual([]);
}

/** Is wrong: the detector says so, with all of these words in what it says, and no other says more. */
export function reported(
  build: (parts: Parts) => void,
  detector: string,
  words: readonly string[],
  stepsMax = 20_000,
): void {
  const findings = inProgram(build, stepsMax);
  expect(findings.map((finding) => finding.detector)).toContain(detector);
  for (const finding of findings) {
    expect(finding.detector, finding.title).toBe(detector);
    const text = [finding.title, ...finding.detail].join('\n');
    for (const word of words) expect(text).toContain(word);
  }
}

/** The first finding of one detector alone in a scenario, or of all. */
function inScenario(
  scenario: string,
  detector: string | undefined,
  mutants: readonly MutantName[],
  executions: number,
): Finding | undefined {
  const k = bootGuest(guestSpec(scenario, [], {}, mutants));
  watch(k, null, false, detector === undefined ? DETECTORS : selectDetectors([detector]));
  for (let seed = 1; seed <= executions; seed++) {
    const { finding } = execute(k, strategy, seed);
    // The kernel's own panics are always found.
    if (finding === undefined || (detector ?? finding.detector) !== finding.detector) continue;
    return finding;
  }
  return undefined;
}

/** A detector alone, on a kernel with a defect, says this. */
export function reportedIn(
  scenario: string,
  mutant: MutantName,
  detector: string,
  pattern: RegExp,
): void {
  const finding = inScenario(scenario, detector, [mutant], 3000);
  expect(finding?.detector, finding?.title).toBe(detector);
  expect([finding?.title, ...(finding?.detail ?? [])].join('\n')).toMatch(pattern);
}

/** All detectors have nothing to say of a scenario on the right kernel. */
export function silentIn(scenario: string): void {
  expect(inScenario(scenario, undefined, [], 150)).toBeUndefined();
}
