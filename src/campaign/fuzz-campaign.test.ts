import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, spawned, xv6, xv6Json } from '../../property-tests/built.ts';
import { fuzz } from '../fuzz/fuzz.ts';
import { type FuzzCampaignOptions, fuzzCampaign } from './fuzz-campaign.ts';
import { loadState, saveState } from './state-file.ts';

/** Several bugs, some in the first program. */
const MUTANTS = ['shm-fork-uncounted', 'sysv-fork-uncounted', 'exit-keeps-areas'];
const OPTIONS = { seed: 1, programs: 40, schedules: 2, mutants: MUTANTS };
const MANY = ['fuzz', '--seed', '1', '--schedules', '2', '--mutant', MUTANTS.join()];

/** What a campaign printed but for how long it took. */
function fuzzed(cwd: string, args: readonly string[]): unknown[] {
  const { lines } = xv6Json(cwd, args);
  return lines.map(({ ms: _, ...line }) => line);
}

describe('the number of threads does not matter', () => {
  it('to what is found, how often, and what is left of it', () => {
    const cwd = folder();
    const args = [...MANY, '--programs', '5', '--keep-going'];
    const alone = fuzzed(cwd, [...args, '--jobs', '1']);
    const told = alone.filter((line) => (line as { kind: string }).kind === 'fuzzed');
    expect(told.length).toBeGreaterThan(1);
    expect(alone.at(-1)).toMatchObject({ programs: 5, findings: told.length });
    expect(fuzzed(cwd, [...args, '--jobs', '2'])).toEqual(alone);
    expect(fuzzed(cwd, [...args, '--jobs', '3'])).toEqual(alone);
  });

  it('to what is found first', () => {
    const cwd = folder();
    // Late enough that all threads are at work by then.
    const args = ['fuzz', '--seed', '1', '--no-shrink', '--mutant', 'shm-open-slot-stolen'];
    const alone = fuzzed(cwd, [...args, '--jobs', '1']);
    expect(alone.length).toBeGreaterThan(1);
    expect(fuzzed(cwd, [...args, '--jobs', '2'])).toEqual(alone);
    expect(fuzzed(cwd, [...args, '--jobs', '3'])).toEqual(alone);
  });
});

it.each([
  ['keeps going', { ...OPTIONS, keepGoing: true, shrink: false }],
  ['stops at the first, and shrinks it', OPTIONS],
  ['finds nothing', { seed: 1, programs: 5, schedules: 2 }],
])('a campaign that %s comes to what fuzz comes to', async (_what, options) => {
  const { at, isOver } = await fuzzCampaign({ ...options, jobs: 1 });
  const { hits: _, ...counts } = at.share;
  expect(isOver).toBe(true);
  expect({ ...counts, findings: at.findings }).toEqual(fuzz(options));
});

it('each finding is told once, shrunk, in the order of the programs', async () => {
  const told: number[] = [];
  const { at } = await fuzzCampaign({
    ...OPTIONS,
    keepGoing: true,
    shrink: false,
    jobs: 1,
    onFinding: ({ program }) => told.push(program),
  });
  expect(told).toEqual(at.share.hits.map(({ program }) => program));
  expect(told).toEqual(told.toSorted((a, b) => a - b));
});

const QUESTION = { program: 'any' };

/** A campaign that is interrupted a few times, saved, and gone on with. */
async function relayed(options: FuzzCampaignOptions) {
  const file = join(folder(), 'any.state');
  for (let interruptions = 0, from: FuzzCampaignOptions['from']; ; interruptions++) {
    const controller = new AbortController();
    const { signal } = controller;
    // The last is left alone: however slow this machine is, it ends.
    if (interruptions < 4) setTimeout(() => controller.abort(), 150);
    const { at, isOver } = await fuzzCampaign({ ...options, signal, from });
    if (isOver) return { at, interruptions };
    const saved = { question: QUESTION, fingerprint: '', seed: 0, ms: 0, at };
    saveState(saved, file, interruptions > 0);
    from = loadState<typeof at>(file, QUESTION, '').at;
  }
}

it.each([
  ['that keeps going', { ...OPTIONS, programs: 12, keepGoing: true }],
  ['that is shrinking', { ...OPTIONS, mutants: ['shm-fork-uncounted'] }],
])('interrupted and gone on with, a campaign %s comes to the same', async (_what, options) => {
  const whole = await fuzzCampaign({ ...options, jobs: 1 });
  const { at, interruptions } = await relayed({ ...options, jobs: 1 });
  expect(interruptions).toBeGreaterThan(0);
  expect(at).toEqual(whole.at);
});

describe('Ctrl-C', () => {
  it('leaves a state, and says how to go on', async () => {
    const cwd = folder();
    const args = [...MANY, '--keep-going', '--json', '--jobs', '2', '--max-time', '10m'];
    let interrupted = await spawned(cwd, args, 1500);
    // It may not have begun; then it is over at once.
    for (const ms of [4000, 9000, 20_000]) {
      if (interrupted.code === 130) break;
      interrupted = await spawned(cwd, args, ms);
    }
    expect(interrupted.code).toBe(130);
    const last = interrupted.out.trimEnd().split('\n').at(-1) ?? '';
    const { kind, state, programs, command } = JSON.parse(last);
    expect(kind).toBe('interrupted');
    expect(command).toContain(`fuzz --resume ${state} --seed 1 `);
    const same = [...MANY, '--keep-going', '--programs', String(programs + 4)];
    expect(fuzzed(cwd, [...same, '--resume', state])).toEqual(fuzzed(cwd, same));
  });
});

describe('a thread', () => {
  it('that ends itself is an internal error that says which programs it was at', () => {
    const cwd = folder();
    // A thread that is never idle takes no time for timers: it ends when it asks for the time.
    const code =
      "import { isMainThread } from 'node:worker_threads';" +
      "import { performance } from 'node:perf_hooks';" +
      'let asked = 0; const now = performance.now.bind(performance);' +
      'if (!isMainThread) performance.now = () => (++asked > 4 ? process.exit(7) : now());';
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(code)}`;
    const args = ['fuzz', '--seed', '1', '--programs', '100000', '--jobs', '2'];
    const { code: exit, err } = xv6(cwd, args, { NODE_OPTIONS });
    expect(exit).toBe(70);
    expect(err).toMatch(/a worker thread died, at programs? \d+.*: .*exit code 7/);
  });
});

describe('--resume refuses in one line', () => {
  it.each([
    [['--schedules', '3'], 'with schedules 2, not 3'],
    [['--schedules', '2', '--mutant', 'exit-keeps-shm'], 'with mutants none, not exit-keeps-shm'],
    [['--schedules', '2'], 'another version of generated programs'],
  ])('a state of something else: %j', (args, words) => {
    const cwd = folder();
    const question = {
      program: 'generated programs',
      schedules: 2,
      strategy: 'portfolio',
      mutants: [],
      detectors: 'all',
      'keep-going': 'false',
      shrink: 'true',
    };
    const file = join(cwd, 'any.state');
    saveState({ question, fingerprint: '', seed: 4, ms: 0, at: {} }, file, false);
    const { code, out, err } = xv6(cwd, ['fuzz', '--resume', file, ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});
