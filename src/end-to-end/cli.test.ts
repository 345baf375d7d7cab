import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, xv6, xv6Json } from '../../property-tests/built.ts';

const VERBS = ['run', 'replay', 'show', 'diff', 'list'];

it('every help ends with three runnable examples', () => {
  const cwd = folder();
  for (const args of [['--help'], ...VERBS.map((verb) => [verb, '--help']), ['help', 'run']]) {
    const { code, out, err } = xv6(cwd, args);
    expect([code, err]).toEqual([0, '']);
    const examples = out.trimEnd().split('Examples:\n')[1]?.split('\n');
    expect(examples).toHaveLength(3);
    for (const line of examples ?? []) expect(line).toMatch(/^ {2}\$ xv6-replay \w+/);
  }
});

it("the examples of the program's help run as they stand", () => {
  const cwd = folder();
  const examples = xv6(cwd, ['--help']).out.matchAll(/^ {2}\$ xv6-replay (.*)$/gm);
  const codes = [...examples].map(([, command = '']) => xv6(cwd, command.split(' ')).code);
  expect(codes).toEqual([0, 0, 0]);
});

it('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(xv6(folder(), ['--version']).out).toBe(`${version}\n`);
});

it('a run prints what the guest prints, then what ran, and the seed always', () => {
  const { code, out, err } = xv6(folder(), [
    'run',
    'shmtest',
    '--seed',
    '42',
    '--',
    'foo',
    '8192',
    '4',
  ]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^shmtest: pid 2: 8192 bytes, 4 processes, ok\n/);
  expect(out).toContain('shmtest foo 8192 4 · 2 CPUs · round-robin · seed 42\nnothing found in ');
});

it('what a guest prints without ending the line is a line of its own', () => {
  const { out } = xv6(folder(), ['run', 'write-write', '--seed', '1']);
  const [printed, ran] = out.split('\n');
  expect(printed).toMatch(/^[a-z]+$/);
  expect(ran).toBe('write-write · 2 CPUs · round-robin · seed 1');
});

it('without a seed one is drawn, printed, and gives the same run again', () => {
  const cwd = folder();
  const { out } = xv6(cwd, ['run']);
  const seed = /seed (\d+)/.exec(out)?.[1] ?? '';
  const steps = (text: string): string | undefined =>
    /in ([\d,]+ steps, [\d,]+ switches)/.exec(text)?.[1];
  expect(steps(xv6(cwd, ['run', '--seed', seed]).out)).toBe(steps(out));
  expect(/seed (\d+)/.exec(xv6(cwd, ['run']).out)?.[1]).not.toBe(seed);
});

it('what stands behind -- is for the default program when none is named', () => {
  const { lines } = xv6Json(folder(), ['run', '--seed', '1']);
  expect(lines.at(-1)).toMatchObject({ program: 'shmtest', args: ['demo', '8192', '4'] });
  const { out } = xv6(folder(), ['run', '--seed', '-1', '--', 'foo', '4096', '1']);
  expect(out).toContain('shmtest foo 4096 1 · 2 CPUs · round-robin · seed -1\n');
});

it('a finding keeps its trace under its id, says how to replay it, and exits with 1', () => {
  const cwd = folder();
  const args = ['run', '--seed', '42', '--steps-max', '500'];
  const { code, out } = xv6(cwd, args);
  expect(code).toBe(1);
  expect(out).toContain('endless run: still going after 500 steps');
  const [id = ''] = /XR-[0-9a-f]{6}/.exec(out) ?? [];
  expect(out).toContain(` Replay  xv6-replay replay ${id}\n Show    xv6-replay show ${id}\n`);
  expect(readdirSync(join(cwd, '.xv6-replay'))).toEqual([`${id}.xrt`]);
  const replayed = xv6(cwd, ['replay', id]);
  expect(replayed.code).toBe(1);
  expect(replayed.out).toContain('endless run: still going after 500 steps');
  expect(replayed.out).toContain('replayed 500 steps');
  expect(xv6(cwd, ['show', id]).out).toContain(`[${id}]`);
  expect(xv6(cwd, args).out).toContain(`xv6-replay replay ${id}\n`);
});

it('a recorded finding is in the file and in the store, byte for byte', () => {
  const cwd = folder();
  const args = ['run', 'open-close', '--mutant', 'shm-close-unlocked-decrement', '--seed', '1'];
  const { code, out } = xv6(cwd, [...args, '--record', 'out.xrt']);
  expect(code).toBe(1);
  const [id = ''] = /XR-[0-9a-f]{6}/.exec(out) ?? [];
  const stored = readFileSync(join(cwd, '.xv6-replay', `${id}.xrt`));
  expect(stored.equals(readFileSync(join(cwd, 'out.xrt')))).toBe(true);
  expect(xv6(cwd, ['diff', id, 'out.xrt']).code).toBe(0);
});

it("another trace under a finding's id stays, and the finding gets a name of its own", () => {
  const cwd = folder();
  const args = ['run', '--seed', '42', '--steps-max', '500'];
  const [id = ''] = /XR-[0-9a-f]{6}/.exec(xv6(cwd, args).out) ?? [];
  const path = join(cwd, '.xv6-replay', `${id}.xrt`);
  writeFileSync(path, 'precious');
  expect(xv6(cwd, args).out).toContain(`xv6-replay replay ${id}-2\n`);
  expect(readFileSync(path, 'utf8')).toBe('precious');
  expect(xv6(cwd, ['replay', `${id}-2`]).code).toBe(1);
});

it('where the store cannot be, the finding is reported all the same', () => {
  const cwd = folder();
  writeFileSync(join(cwd, '.xv6-replay'), '');
  const { code, out, err } = xv6(cwd, ['run', '--seed', '42', '--steps-max', '500']);
  expect(code).toBe(1);
  expect(out).toContain('endless run');
  expect(err).toMatch(/^xv6-replay: the finding's trace is not kept: .*\n$/);
});

it('list names every kind, for people and for programs', () => {
  const cwd = folder();
  const { lines } = xv6Json(cwd, ['list']);
  const kinds = new Set(lines.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['program', 'scenario', 'strategy', 'detector', 'mutant']));
  const { out } = xv6(cwd, ['list']);
  for (const { name, summary } of lines) {
    expect(out).toContain(`  ${name as string}`);
    expect(summary).toMatch(/\w/);
  }
  const mutants = xv6Json(cwd, ['list', 'mutants']).lines;
  expect(mutants).toEqual(lines.filter(({ kind }) => kind === 'mutant'));
  expect(xv6(cwd, ['list', 'mutant']).out).toMatch(/^Mutants\n {2}shm-/);
});

it('run --json says all that the text says', () => {
  const cwd = folder();
  const { code, lines } = xv6Json(cwd, ['run', '--seed', '7', '--cpus', '4', '--record', 'a.xrt']);
  expect(code).toBe(0);
  expect(lines[0]).toEqual({ kind: 'output', text: expect.stringContaining('shmtest: pid') });
  expect(lines.at(-1)).toEqual({
    kind: 'run',
    program: 'shmtest',
    args: ['demo', '8192', '4'],
    cpus: 4,
    strategy: 'round-robin',
    seed: 7,
    mutants: [],
    ending: 'halted',
    verdict: 'nothing found',
    steps: expect.any(Number),
    switches: expect.any(Number),
    contextSwitches: expect.any(Number),
    ms: expect.any(Number),
    file: 'a.xrt',
    bytes: readFileSync(join(cwd, 'a.xrt')).length,
    exitCode: 0,
  });
});

it('a replay agrees with its trace and says so', () => {
  const cwd = folder();
  xv6(cwd, ['run', '--seed', '7', '--record', 'a.xrt']);
  const { code, out, err } = xv6(cwd, ['replay', 'a.xrt']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(
    /^shmtest: .*ok\nreplayed [\d,]+ steps, [\d,]+ switches, 1 checkpoint agrees: identical\n$/,
  );
  expect(existsSync(join(cwd, '.xv6-replay'))).toBe(false);
});

it('diff finds where two seeds part, and nothing between a trace and itself', () => {
  const cwd = folder();
  for (const seed of ['1', '2']) xv6(cwd, ['run', '--seed', seed, '--record', `${seed}.xrt`]);
  expect(xv6(cwd, ['diff', '1.xrt', '1.xrt'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^the same execution: \d+ switches, \d+ events\n$/),
  });
  const { code, out } = xv6(cwd, ['diff', '1.xrt', '2.xrt']);
  expect(code).toBe(1);
  expect(out).toContain('   seed  a: 1  b: 2\n');
  expect(out).toMatch(/first difference at step \d+\n$/);
  expect(xv6Json(cwd, ['diff', '1.xrt', '2.xrt']).lines).toMatchObject([
    { kind: 'diff', same: false, header: [{ field: 'seed', a: 1, b: 2 }] },
  ]);
});

it('without a terminal nothing is coloured', () => {
  const cwd = folder();
  const { out } = xv6(cwd, ['run', '--seed', '42', '--steps-max', '500', '--record', 'a.xrt']);
  const all = out + xv6(cwd, ['show', 'a.xrt']).out + xv6(cwd, ['list']).out;
  expect(all).not.toContain('\x1b');
});
