import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { CLI, folder, xv6, xv6Json } from '../../property-tests/built.ts';

function traceIn(cwd: string, ...args: readonly string[]): string {
  xv6(cwd, [
    'run',
    'shmtest',
    '--seed',
    '42',
    '--record',
    'a.xrt',
    ...args,
    '--',
    'foo',
    '8192',
    '4',
  ]);
  return 'a.xrt';
}

it('a trace shows calls with arguments and results, switches with their reason, and the output', () => {
  const cwd = folder();
  const { code, out, err } = xv6(cwd, ['show', traceIn(cwd)]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^ran {6}shmtest foo 8192 4 · 2 CPUs · round-robin · seed 42\n/);
  expect(out).toMatch(/^ +\d+ +\d +2 {2}shm_open\("foo"\)$/m);
  expect(out).toMatch(/^ +\d+ +\d +2 {2}shm_open\("foo"\) → 0$/m);
  expect(out).toMatch(/^ +\d+ +\d +2 {2}shm_map\(0, 0x[0-9a-f]+, O_RDWR\) → 0 \(0x4/m);
  expect(out).toMatch(/^ +\d+ +\d +2 {2}scheduler → pid 2 \(schedule\)$/m);
  expect(out).toMatch(/^ +\d+ +\d +\d {2}pid \d → scheduler \((exit|sleep|yield)\)$/m);
  expect(out).toContain('prints "shmtest: pid 2: 8192 bytes, 4 processes, ok\\n"');
  expect(out).toMatch(/\nend: nothing found; [\d,]+ steps, [\d,]+ switches, digest [0-9a-f]{8}\n$/);
});

it('no line is wider than 100 columns', () => {
  const cwd = folder();
  xv6(cwd, ['run', '--detail', '2', '--record', 'a.xrt', '--', 'n'.repeat(127), '8192', '4']);
  const { out } = xv6(cwd, ['show', 'a.xrt']);
  expect(
    Math.max(
      ...out
        .split('\n')
        .slice(1)
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(100);
});

/** What `show` says of a program's execution, from some columns on. */
function shown(program: string, ...args: readonly string[]): string {
  const cwd = folder();
  xv6(cwd, ['run', program, '--seed', '1', '--record', 'a.xrt', '--', ...args]);
  return xv6(cwd, ['show', 'a.xrt']).out;
}

it.each([
  [
    'shmtest',
    ['foo', '8192', '1'],
    'shm 0 "foo"',
    'created attached attached detached detached destroyed',
  ],
  [
    'complete',
    ['7'],
    'segment 0',
    'created attached in use attached detached detached marked destroyed',
  ],
  [
    'named',
    ['foo', '1'],
    'posix 0 "foo"',
    'created attached in use attached detached marked detached destroyed',
  ],
  ['testmmap', ['f'], 'inode \\d+', 'created attached in use detached destroyed'],
  [
    'testmmfork',
    ['f'],
    'object \\d+',
    'created attached in use attached detached detached destroyed',
  ],
])(
  'the trace of %s tells the life of an object from its creation to its end',
  (program, args, object, states) => {
    const [, life = ''] =
      new RegExp(`\nlife of ${object}\n([^]*?)\n\n`).exec(shown(program, ...args)) ?? [];
    const told = life.replaceAll(/ at [\d,]+ by pid \d+( \(\d+\))?| →/g, '').trim();
    expect(told.replaceAll(/\s+/g, ' ')).toBe(states);
  },
);

it('page faults that are handled are shown with what the page is since', () => {
  const text = shown('testmmfork', 'f');
  const faults = text.matchAll(/ ((?:load|store) page fault) at 0x[0-9a-f]+ → (.*)$/gm);
  expect(new Set([...faults].map(([, , now]) => now))).toEqual(
    new Set([
      'zeros',
      'page of a file',
      'shared page',
      'copy of a page',
      'its own: no other owner',
    ]),
  );
  expect(shown('rofault', 'foo')).toMatch(/ store page fault at 0x40001000: killed$/m);
});

it('what a call answered is there however long its arguments are', () => {
  expect(shown('testmmfork', 'f')).toMatch(
    / mmap\(0x0, 8192, PROT_READ\|PROT_WRITE, .*… → 0x3f\w+$/m,
  );
});

it('locks and sleeps are there at detail 2 and not below', () => {
  const cwd = folder();
  const text = xv6(cwd, ['show', traceIn(cwd, '--detail', '2')]).out;
  expect(text).toContain('acquires shm.lock');
  expect(text).toContain('sleeps on ');
  const other = folder();
  expect(xv6(other, ['show', traceIn(other)]).out).not.toContain('acquires');
});

it('each filter keeps exactly the events it names', () => {
  const cwd = folder();
  const trace = traceIn(cwd, '--detail', '2');
  const shown = (...filters: readonly string[]): readonly Record<string, unknown>[] =>
    xv6Json(cwd, ['show', trace, ...filters]).lines.filter(({ step, kind }) => {
      return step !== undefined && kind !== 'finding';
    });
  const all = shown();
  const expectSame = (
    filters: string[],
    keep: (event: Record<string, unknown>) => boolean,
  ): void => {
    const kept = all.filter(keep);
    expect(kept.length).toBeGreaterThan(0);
    expect(shown(...filters)).toEqual(kept);
  };
  expectSame(['--pid', '3'], ({ pid, from, to }) => [pid, from, to].includes(3));
  expectSame(['--cpu', '1'], ({ cpu }) => cpu === 1);
  expectSame(['--kind', 'enter,exit'], ({ kind }) => kind === 'enter' || kind === 'exit');
  expectSame(
    ['--kind', 'switch', '--kind', 'irq'],
    ({ kind }) => kind === 'switch' || kind === 'irq',
  );
  expectSame(['--from', '200', '--to', '400'], ({ step }) => {
    return (step as number) >= 200 && (step as number) <= 400;
  });
  expectSame(['--pid', '2', '--cpu', '1', '--kind', 'lock', '--to', '500'], (event) => {
    const { pid, cpu, kind, step } = event;
    return pid === 2 && cpu === 1 && kind === 'lock' && (step as number) <= 500;
  });
});

it('an exit whose entry is filtered away still shows its arguments', () => {
  const cwd = folder();
  const { out } = xv6(cwd, ['show', traceIn(cwd), '--kind', 'exit']);
  expect(out).toContain('shm_open("foo") → 0');
});

it('--choices lists the schedule, every switch of it', () => {
  const cwd = folder();
  const trace = traceIn(cwd);
  const { lines } = xv6Json(cwd, ['show', trace, '--choices']);
  const end = lines.at(-1) as { readonly switches: number };
  const choices = lines.filter(({ kind }) => kind === 'choice');
  expect(choices.map(({ index }) => index)).toEqual(choices.map((_, i) => i));
  expect(choices).toHaveLength(end.switches);
  expect(xv6(cwd, ['show', trace, '--choices']).out).toMatch(
    /^ +0 +0 +cpu 0 goes on {2}\(switch 0\)$/m,
  );
});

it('a reader that leaves early is no error', () => {
  const cwd = folder();
  xv6(cwd, ['run', 'churn', '--detail', '2', '--record', 'a.xrt', '--', 'x', '2000']);
  for (const rest of [
    ['show', 'a.xrt'],
    ['show', 'a.xrt', '--json'],
    ['list'],
    ['run', '--help'],
  ]) {
    const command = '"$0" "$@" | head -n 1; exit $PIPESTATUS';
    const args = ['-c', command, process.execPath, CLI, ...rest];
    const { status, stdout, stderr } = spawnSync('bash', args, { cwd, encoding: 'utf8' });
    expect([rest, status, stdout.split('\n').length, stderr]).toEqual([rest, 0, 2, '']);
  }
});
