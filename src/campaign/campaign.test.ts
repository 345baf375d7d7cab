import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, spawned, xv6, xv6Json } from '../../property-tests/built.ts';
import type { Subject } from '../stage/stage.ts';
import { program } from '../subject/bare-subject.ts';
import { guestSpec } from '../subject/kernel-spec.ts';
import { kernelSubject } from '../subject/subject.ts';
import { type ExploreOptions, explore } from '../verbs/explore.ts';
import { type CampaignOptions, campaign } from './campaign.ts';
import { loadState, saveState } from './state-file.ts';

/** Several bugs, some rare. */
const BROKEN = ['open-race', '--mutant', 'shm-open-create-apart,shm-close-unlocked-decrement'];
const MANY = [...BROKEN, '--strategy', 'random', '--seed', '1', '--schedules', '2000'];

/** An exploration but for how long it took. */
function explored(cwd: string, args: readonly string[]): unknown[] {
  const { lines } = xv6Json(cwd, ['explore', ...args]);
  return lines.map(({ ms: _, ...line }) => line);
}

/** Threads that add to one cell, in a file. That it stays at 2 takes tens of thousands of seeds. */
function ownFile(cwd: string, head = '', times = 3): string {
  const file = join(cwd, 'own.mjs');
  writeFileSync(
    file,
    `import { program } from 'xv6-replay';
import { isMainThread } from 'node:worker_threads';
export default program('counters', ({ cell, thread, outcome, check }) => {
  const x = cell('x');
  for (let t = 0; t < 3; t++) {
    thread('t' + t, function* () {
      ${head}
      for (let i = 0; i < ${times}; i++) {
        const v = x.load() ?? (yield);
        x.store(v + 1) ?? (yield);
      }
    });
  }
  outcome(() => x.value);
  check(() => ${times} === 3 || x.value > 2);
}, { detectors: ['deadlock', 'check'] });
`,
  );
  return file;
}

/** The first executions have the flag set before anybody looks. */
const SPINNING = `import { program } from 'xv6-replay';
export default program('spinning', ({ cell, thread, outcome }) => {
  const x = cell('x');
  const flag = cell('flag');
  const y = cell('y');
  const add = function* (times) {
    for (let i = 0; i < times; i++) {
      const v = x.load() ?? (yield);
      x.store(v + 1) ?? (yield);
    }
  };
  thread('setter', function* () {
    yield* add(2);
    flag.store(1) ?? (yield);
  });
  thread('other', () => add(12));
  thread('spinner', function* () {
    while (((flag.load() ?? (yield)) === 0));
    for (let i = 0; i < 8; i++) y.store(2) ?? (yield);
  });
  outcome(() => 10 * x.value + y.value);
}, { detectors: ['deadlock'] });
`;

/** Some ten thousand traces. */
const UNEVEN = `import { program } from 'xv6-replay';
export default program('counters', ({ cell, thread, outcome }) => {
  const x = cell('x');
  for (const [t, times] of [3, 2, 2].entries()) {
    thread('t' + t, function* () {
      for (let i = 0; i < times; i++) {
        const v = x.load() ?? (yield);
        x.store(v + 1) ?? (yield);
      }
    });
  }
  outcome(() => x.value);
}, { detectors: ['deadlock'] });
`;

describe('the number of threads does not matter', () => {
  it('to all that a sample finds', () => {
    const cwd = folder();
    const args = [...MANY, '--keep-going'];
    const alone = explored(cwd, [...args, '--jobs', '1']);
    expect(alone[0]).toMatchObject({ executions: 2000 });
    expect(alone.length).toBeGreaterThan(3);
    expect(explored(cwd, [...args, '--jobs', '2'])).toEqual(alone);
    expect(explored(cwd, [...args, '--jobs', '3'])).toEqual(alone);
  });

  it('to what it finds first, and where', () => {
    const cwd = folder();
    const args = [ownFile(cwd, '', 5), '--strategy', 'random', '--seed', '1'];
    const many = [...args, '--schedules', '1000000'];
    const alone = explored(cwd, [...many, '--jobs', '1']);
    expect(alone.length).toBeGreaterThan(1);
    expect(explored(cwd, [...many, '--jobs', '2'])).toEqual(alone);
    expect(explored(cwd, [...many, '--jobs', '3'])).toEqual(alone);
  });

  it.each([
    ['all interleavings', ['--preemptions', '4']],
    ['those within a number of executions', ['--schedules', '50000']],
  ])('to %s of a program in a file', (_what, args) => {
    const cwd = folder();
    const search = [ownFile(cwd), '--strategy', 'dfs', ...args];
    const alone = explored(cwd, [...search, '--jobs', '1']);
    expect(explored(cwd, [...search, '--jobs', '2'])).toEqual(alone);
    expect(explored(cwd, [...search, '--jobs', '3'])).toEqual(alone);
  });

  it.each([
    ['all traces', []],
    ['all traces within a bound', ['--preemptions', '6']],
    ['a series of searches', ['--strategy', 'deepen', '--schedules', '300000']],
  ])('to %s of a program in a file', (_what, args) => {
    const cwd = folder();
    writeFileSync(join(cwd, 'own.mjs'), UNEVEN);
    const alone = explored(cwd, ['own.mjs', ...args, '--jobs', '1']);
    expect(explored(cwd, ['own.mjs', ...args, '--jobs', '2'])).toEqual(alone);
    expect(explored(cwd, ['own.mjs', ...args, '--jobs', '3'])).toEqual(alone);
  });
});

it('a spin loop that comes to light late makes all parts of a search begin again', () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'spin.mjs'), SPINNING);
  const args = ['spin.mjs', '--strategy', 'dfs', '--preemptions', '4'];
  const alone = explored(cwd, [...args, '--jobs', '1']);
  const [{ executions, traces }] = alone as [{ executions: number; traces: number }];
  expect(alone[0]).toMatchObject({ complete: true, spinLoops: 1 });
  // More than a part takes at once.
  expect(executions - traces).toBeGreaterThan(16_384);
  expect(explored(cwd, [...args, '--jobs', '3'])).toEqual(alone);
});

it.each<[string, ExploreOptions]>([
  ['draws', { strategy: 'pct', keepGoing: true, schedules: 1500, seed: 5 }],
  ['stops at the first', { strategy: 'random', seed: 5 }],
  ['searches', { strategy: 'dpor', preemptions: 1, schedules: 300 }],
])('a campaign that %s comes to what explore comes to', async (_what, options) => {
  const subject = kernelSubject(guestSpec('open-race', [], {}, ['shm-open-create-apart']));
  const { at } = await campaign(subject, { ...(options as CampaignOptions), jobs: 1 });
  expect(at.so).toEqual(explore(subject, options));
});

describe('a thread', () => {
  it('that a program ends is told of in one line, as what is wrong with the program', () => {
    const cwd = folder();
    const file = ownFile(cwd, 'if (!isMainThread) process.exit(7);');
    const args = ['explore', file, '--strategy', 'random', '--seed', '1', '--jobs', '2'];
    const { code, err } = xv6(cwd, [...args, '--schedules', '100000000']);
    expect(code).toBe(2);
    expect(err).toContain('the program calls process.exit');
  });

  it("whose program throws something of the user's is not one", () => {
    const cwd = folder();
    const file = ownFile(cwd, 'if (!isMainThread) yield;');
    const args = ['explore', file, '--strategy', 'random', '--seed', '1', '--jobs', '2'];
    const { code, err } = xv6(cwd, [...args, '--schedules', '100000000']);
    expect(code).toBe(2);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});

/** Threads that add to one cell, each so often. */
const racing = (...times: number[]) =>
  program(
    'racing',
    ({ cell, thread, outcome }) => {
      const x = cell('x');
      for (const [t, count] of times.entries()) {
        thread(`t${t}`, function* () {
          for (let i = 0; i < count; i++) {
            const v = x.load() ?? (yield);
            x.store(v + 1) ?? (yield);
          }
        });
      }
      outcome(() => x.value);
    },
    { detectors: ['deadlock'] },
  );

const QUESTION = { program: 'any' };

/** A campaign that is interrupted a few times, saved, and gone on with. */
async function relayed(subject: Subject, options: CampaignOptions) {
  const file = join(folder(), 'any.state');
  for (let interruptions = 0, from: CampaignOptions['from']; ; interruptions++) {
    const controller = new AbortController();
    const { signal } = controller;
    // The last is left alone: however slow this machine is, it ends.
    if (interruptions < 4) setTimeout(() => controller.abort(), 60);
    const { at, isOver } = await campaign(subject, { ...options, signal, from });
    if (isOver) return { so: at.so, interruptions };
    const saved = { question: QUESTION, fingerprint: '', seed: 0, ms: 0, at };
    saveState(saved, file, interruptions > 0);
    from = loadState<typeof at>(file, QUESTION, '').at;
  }
}

describe('interrupted and gone on with, an exploration comes to the same', () => {
  const broken = kernelSubject(guestSpec('open-race', [], {}, ['shm-open-create-apart']));

  it.each<[string, Subject, Partial<CampaignOptions>]>([
    ['that draws', broken, { strategy: 'random', keepGoing: true, schedules: 3000 }],
    ['of all interleavings', racing(3, 3, 3), { strategy: 'dfs', schedules: 100_000 }],
    ['of all traces', racing(2, 2, 3), { strategy: 'dpor' }],
    ['with a bound', racing(3, 3, 3), { strategy: 'dpor', preemptions: 5 }],
  ])('%s', async (_what, subject, options) => {
    const whole = await campaign(subject, { jobs: 1, ...options });
    const { so, interruptions } = await relayed(subject, { jobs: 1, ...options });
    expect(interruptions).toBeGreaterThan(0);
    expect(so).toEqual(whole.at.so);
  });
});

describe('Ctrl-C', () => {
  it('in the midst of the first round says what is done again, and takes no time for it', async () => {
    const controller = new AbortController();
    const subject = kernelSubject(guestSpec('two-open-close', [], {}));
    const onProgress: CampaignOptions['onProgress'] = (_so, { executions }) => {
      if (executions > 0) controller.abort();
    };
    const asked = { strategy: 'dpor', jobs: 1, signal: controller.signal, onProgress };
    const { at, dropped, ms } = await campaign(subject, asked);
    expect(dropped).toBeGreaterThan(0);
    if (at.so.executions === 0) expect(Math.round(ms)).toBe(0);
  });

  it('leaves a state, and says how to go on', async () => {
    const cwd = folder();
    const args = ['explore', ...MANY.slice(0, -1), '1000000000', '--keep-going', '--json'];
    let interrupted = await spawned(cwd, args, 1000);
    // It may not have begun; then it is over at once.
    for (const ms of [3000, 9000, 15_000]) {
      if (interrupted.code === 130) break;
      interrupted = await spawned(cwd, args, ms);
    }
    expect(interrupted.code).toBe(130);
    const { state, executions, command } = JSON.parse(interrupted.out);
    expect(command).toContain(`explore --resume ${state} open-race`);
    const more = ['--schedules', String(executions + 1000)];
    const same = [...MANY.slice(0, -2), '--keep-going', ...more];
    expect(explored(cwd, [...same, '--resume', state])).toEqual(explored(cwd, same));
  });
});

describe('--resume refuses in one line', () => {
  const at = { so: { executions: 0 } };

  function refused(cwd: string, args: readonly string[]): string {
    const { code, out, err } = xv6(cwd, ['explore', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    return err;
  }

  it('a file that is none, is damaged, or of another program', () => {
    const cwd = folder();
    mkdirSync(join(cwd, '.xv6-replay'));
    const file = join(cwd, 'any.state');
    saveState({ question: QUESTION, fingerprint: '', seed: 0, ms: 0, at }, file, false);
    expect(refused(cwd, ['open-race', '--resume', file])).toContain(
      'with program any, not open-race',
    );
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(file, bytes);
    expect(refused(cwd, ['open-race', '--resume', file])).toContain('is damaged');
    writeFileSync(file, 'mine');
    expect(refused(cwd, ['open-race', '--resume', file])).toContain(
      'was not saved by this version',
    );
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(refused(cwd, ['open-race', '--resume', 'nowhere'])).toContain('no such file');
    expect(refused(cwd, ['open-race', '--resume'])).toContain('nothing was saved of this program');
    expect(readdirSync(join(cwd, '.xv6-replay'))).toEqual([]);
  });

  it.each([
    [['--jobs', '0'], 'whole number from 1'],
    [['--strategy', 'random', '--preemptions', '2'], 'are for dfs, dpor and deepen'],
  ])('as it does %j', (args, words) => {
    expect(refused(folder(), ['open-race', ...args])).toContain(words);
  });
});
