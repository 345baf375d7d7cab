import { describe, expect, test } from 'vitest';
import { likeness } from '../detectors/finding.ts';
import type { MutantName } from '../kernel/mutants.ts';
import type { Param } from '../kernel/param.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { makeStrategy } from '../scheduler/strategies.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { type FuzzFinding, fuzz } from '../src/fuzz/fuzz.ts';
import { Stage } from '../src/stage/stage.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { kernelSubject } from '../src/subject/subject.ts';
import { run } from '../src/verbs/run.ts';

/** Of the first program of each campaign. Fixed, so that nothing here depends on luck. */
const SEED = 1;

test('nothing is found in the kernel as it is', () => {
  const so = fuzz({ seed: SEED, programs: 60, schedules: 5 });
  expect(so.findings.map(({ spec, finding }) => [spec.args.join(' '), finding.title])).toEqual([]);
  expect([so.programs, so.executions]).toEqual([60, 300]);
  // So that a change after which programs end early does not go unseen.
  expect(so.calls.size).toBeGreaterThanOrEqual(33);
});

/**
 * Programs within which each is found, and the seed of the first if it is rare; the twin without it is
 * the kernel above.
 */
const WITHIN: readonly (readonly [MutantName, number, number?])[] = [
  ['shm-open-late-name', 1],
  ['shm-open-full-keeps-reference', 21],
  ['shm-map-frame-apart', 10],
  ['shm-map-checks-killed', 1],
  ['shm-close-frees-before-unmap', 1],
  ['exit-keeps-shm', 1],
  ['exit-keeps-areas', 1],
  ['cow-writes-in-place', 1],
  ['cow-no-sfence', 1],
  ['unlink-frees-open', 3],
  ['write-full-keeps-blocks', 1, 5031],
  ['mapfile-uncounted', 3],
  ['munmap-writes-clean', 4],
  ['munmap-forgets-writeback', 12],
  ['posix-size-early', 4],
  ['posix-create-apart', 7],
  ['sysv-rmid-keeps-key', 19],
  ['futex-wait-blind', 12],
  ['futex-wait-apart', 12],
];

function found(
  mutant: MutantName,
  programs: number,
  { seed = SEED, shrink = false } = {},
): FuzzFinding | undefined {
  const { findings } = fuzz({ seed, programs, schedules: 20, mutants: [mutant], shrink });
  return findings[0];
}

const ROWS = WITHIN.map(([mutant, programs, seed = SEED]) => ({ mutant, programs, seed }));

describe.each(ROWS)('$mutant', ({ mutant, programs, seed }) => {
  test(`is found within ${programs} programs, and again by the names of what found it`, () => {
    const hit = found(mutant, programs, { seed }) as FuzzFinding;
    expect(hit).toBeDefined();
    const strategy = makeStrategy(hit.strategy) as Strategy;
    const again = run(hit.spec, { seed: hit.seed, strategy });
    expect(hit.before > 0 || again.finding?.title === hit.finding.title).toBe(true);
  });
});

describe('a step that knows what must come of it sees', () => {
  test.each<[MutantName, string]>([
    ['munmap-forgets-writeback', 'back:s=0'],
    ['munmap-writes-clean', 'back:l=0'],
    ['cow-writes-in-place', 'mark=0 fork mark=0 look=0'],
    ['cow-no-sfence', 'mark=0 fork look=0 echo=0'],
  ])('%s in "%s"', (mutant, steps) => {
    const spec = guestSpec('script', steps.split(' '), {}, [mutant]);
    const { finding } = run({ ...spec, detectors: ['program'] }, { seed: SEED });
    expect(finding?.title).toMatch(/^script: pid \d: \w+.*=0 answered 1$/);
    expect(run({ ...spec, mutants: [] }, { seed: SEED }).finding).toBeUndefined();
  });
});

/** Programs in which something was found once that was right. */
const FALSE_ALARMS: readonly (readonly [string, Partial<Param>])[] = [
  // A child of an earlier fork was taken for that of the one under way.
  ['fork p/mmap:1:s p/fork c/mmap:1:s', { ncpu: 2, tickInterval: 0 }],
  // A word that others change in one step is read so, too.
  ['file:f:c fwrite:0:4096 fmap:0:s:1:0 fork bump:0 stay:0:8', { ncpu: 2, tickInterval: 0 }],
  // Who is killed, and so does not go to sleep, misses no wakeup.
  ['mmap:1:s:0 bump:0 fork meet:kill:area meet:wake:area', { ncpu: 3, tickInterval: 0 }],
];

test.each(FALSE_ALARMS)('nothing is found in "%s"', (steps, limits) => {
  const stage = new Stage(kernelSubject(guestSpec('script', steps.split(' '), limits)));
  stage.watch();
  for (let seed = 1; seed <= 200; seed++) {
    expect(stage.execute(new RandomWalk(), seed).finding?.title).toBeUndefined();
  }
});

describe('shrinking', () => {
  test('leaves nothing that the finding does not need', () => {
    const { spec } = found('shm-open-late-name', 5, { shrink: true }) as FuzzFinding;
    expect([spec.args.join(' '), spec.param.ncpu]).toEqual(['open:a', 1]);
  });

  test('keeps the finding, and the seed of a program makes it again', () => {
    const mutants: MutantName[] = ['shm-fork-uncounted'];
    const hit = found('shm-fork-uncounted', 40, { shrink: true }) as FuzzFinding;
    expect(hit.spec.args.join(' ')).toMatch(/^open:\w fork$/);
    const alone = fuzz({ seed: hit.program, programs: 1, schedules: 20, mutants, shrink: false });
    expect(alone.findings.map(({ spec }) => spec)).toEqual([hit.from]);
    expect(alone.findings.map(({ finding }) => likeness(finding))).toEqual([likeness(hit.finding)]);
  });
});

test('a campaign that keeps going tells each finding once', () => {
  const mutants = ['shm-close-double'];
  const so = fuzz({
    seed: SEED,
    programs: 20,
    schedules: 2,
    mutants,
    keepGoing: true,
    shrink: false,
  });
  const told = so.findings.map(({ finding }) => likeness(finding));
  expect(so.programs).toBe(20);
  expect(so.repeated).toBeGreaterThan(0);
  expect(new Set(told).size).toBe(told.length);
});
