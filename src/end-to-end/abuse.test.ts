import { spawnSync } from 'node:child_process';
import { openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLI, folder, type Invocation, xv6 } from '../../property-tests/built.ts';

const ONE_LINE = /^xv6-replay: [^\n]+\n$/;

/** A program whose thread `a` has this code, and that has this code around it. */
function own(code: string, around = ''): string {
  return `import { program } from 'xv6-replay';
${around}
export default program('p', ({ cell, thread, outcome }) => {
  const x = cell('x');
  thread('a', function* () { ${code} });
  thread('b', function* () { x.fetchAdd(1) ?? (yield); });
  outcome(() => x.value);
});
`;
}

function withFile(text: string): (...args: string[]) => Invocation {
  const cwd = folder();
  writeFileSync(join(cwd, 'p.ts'), text);
  return (...args) => xv6(cwd, args);
}

describe('a word that every object knows is an unknown word like any other', () => {
  const WORDS = ['toString', 'constructor', '__proto__', 'hasOwnProperty'];

  it.each(WORDS)(
    '%s as command, program, strategy, mutant, detector, kind, unit',
    (word) => {
      const cwd = folder();
      for (const args of [
        [word],
        ['help', word],
        ['run', word],
        ['run', '--strategy', word],
        ['run', '--mutant', word],
        ['run', '--detectors', word],
        ['explore', word],
        ['explore', 'two-open-close', '--focus', word],
        ['explore', 'two-open-close', '--max-time', `1${word}`],
        ['list', word],
        ['show', 'a.xrt', '--kind', word],
        ['fuzz', '--mutant', word],
        ['replay', word],
      ]) {
        const { code, out, err } = xv6(cwd, args);
        expect([args, code, out]).toEqual([args, 2, '']);
        expect(err).toMatch(ONE_LINE);
      }
    },
    60_000,
  );

  it.each(WORDS)('%s as a step of a script, an argument and a mode', (word) => {
    const cwd = folder();
    for (const step of [word, `p/${word}`, `openf:f:${word}`, `posix:f:${word}`]) {
      const { code, err } = xv6(cwd, ['run', 'script', '--seed', '1', '--', step]);
      expect([step, code === 70, err]).toEqual([step, false, '']);
    }
  });
});

describe('surroundings that are no use are one line and exit code 2:', () => {
  it('a current folder that was removed', () => {
    const cwd = folder();
    const script = `cd ${cwd} && rmdir ${cwd} && exec ${process.execPath} ${CLI} run --seed 1`;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe('xv6-replay: the current folder is gone\n');
  });

  it('15,000 processes', () => {
    const words = Array.from({ length: 15_000 }, () => ['+', 'x5']).flat();
    const { code, out, err } = xv6(folder(), ['run', 'x5', '--', ...words]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(ONE_LINE);
  });

  it('a standard output that cannot be written', () => {
    for (const args of [['run', '--seed', '1'], ['list'], ['--help']]) {
      const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], {
        cwd: folder(),
        stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
        encoding: 'utf8',
      });
      expect([args, status]).toEqual([args, 2]);
      expect(stderr).toMatch(ONE_LINE);
    }
  });

  it('a store that is a file', () => {
    const cwd = folder();
    writeFileSync(join(cwd, '.xv6-replay'), '');
    const { code, out, err } = xv6(cwd, ['run', '--seed', '42', '--steps-max', '500']);
    expect(code).toBe(1);
    expect(err).toBe(
      "xv6-replay: the finding's trace is not kept: cannot use .xv6-replay: it is not a folder\n",
    );
    expect(out).not.toContain('(not kept)');
    rmSync(join(cwd, '.xv6-replay'));
  });
});

describe('a program of a user does not decide how we end:', () => {
  const EXIT = ['it calls process.exit while it is loaded', own('', 'process.exit(0);')];

  it.each([
    EXIT,
    ['it calls process.exit in a thread', own('process.exit(0);')],
    ['it rejects a promise in a thread', own('Promise.reject(new Error("no"));')],
    ['it rejects a promise while it is loaded', own('', 'Promise.reject(new Error("no"));')],
    ['it waits for ever', own('', 'await new Promise(() => undefined);')],
  ])('%s', (_, text) => {
    for (const verb of ['run', 'explore']) {
      const { code, err } = withFile(text)(verb, 'p.ts', '--seed', '1');
      expect([verb, code]).toEqual([verb, 2]);
      expect(err).toMatch(/^(xv6-replay: [^\n]+\n)+$/);
    }
  });

  it('a timer that goes on', () => {
    const run = withFile(own('', 'setInterval(() => undefined, 1000);'));
    for (const verb of ['run', 'explore']) {
      expect(run(verb, 'p.ts', '--seed', '1')).toMatchObject({ code: 0, err: '' });
    }
  });

  it('a thread that calls itself without end is a finding', () => {
    const deep = 'const again = function* () { yield* again(); }; yield* again();';
    const plain = 'const again = () => again(); again();';
    for (const code of [deep, plain]) {
      const { code: exit, out, err } = withFile(own(code))('run', 'p.ts', '--seed', '1');
      expect([exit, err]).toEqual([1, '']);
      expect(out).toContain('Maximum call stack size exceeded');
    }
  });
});

it('what a program says cannot steer the terminal, and is short', () => {
  const odd = '\\x1b[2J\\x9b1m\\u202e\\u2066\\n\\r';
  const text = own('x.fetchAdd(1) ?? (yield);').replace(
    '() => x.value',
    `() => '${odd}' + 'y'.repeat(200_000)`,
  );
  const run = withFile(text);
  for (const args of [['run'], ['explore'], ['run', '--json'], ['explore', '--json']]) {
    const { code, out, err } = run(args[0] as string, 'p.ts', '--seed', '1', ...args.slice(1));
    expect([args, code, err]).toEqual([args, 0, '']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]/);
    if (args.length === 1) expect(out.length).toBeLessThan(5_000);
  }
});
