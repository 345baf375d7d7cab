import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLI, folder, xv6, xv6Json } from '../../property-tests/built.ts';

const BROKEN = ['fuzz', '--seed', '1', '--mutant', 'shm-open-late-name'];

describe('xv6-replay fuzz', () => {
  it('shrinks the program and its schedule, and leaves its trace and the commands', () => {
    const cwd = folder();
    const { code, out } = xv6(cwd, BROKEN);
    expect(code).toBe(1);
    expect(out).toMatch(/^1 bug found in \d+ programs?, [\d,]+ executions?/m);
    expect(out).toMatch(/Shrunk {2}the program from .*\n +to \d process(?:es)?, /);
    const id = /replay (XR-[0-9a-f]{6})/.exec(out)?.[1] as string;
    expect(existsSync(join(cwd, '.xv6-replay', `${id}.xrt`))).toBe(true);
    expect(xv6(cwd, ['replay', id]).code).toBe(1);
    const commands = out.replaceAll(/ \\\n +/g, ' ').matchAll(/ xv6-replay ((?:run|fuzz) .*)/g);
    const [run = '', fuzz = ''] = [...commands].map(([, line]) => line);
    expect(xv6(cwd, run.split(' '))).toMatchObject({ code: 1 });
    const again = xv6(cwd, fuzz.split(' ')).out;
    expect(again.slice(again.indexOf(' Run '), again.indexOf(' Fuzz '))).toBe(
      out.slice(out.indexOf(' Run '), out.indexOf(' Fuzz ')),
    );
  });

  it('prints a command with a process a line, none wider than a screen, that a shell takes', () => {
    const cwd = folder();
    const { out } = xv6(cwd, [...BROKEN, '--no-shrink']);
    const [command = ''] = / xv6-replay run (?:.*\\\n)+.*/.exec(out) ?? [];
    expect(command.match(/\n +\+ script .*\\$/gm)?.length).toBe(
      (command.match(/ \+ /g) ?? []).length,
    );
    const options = command.split('\n').filter((line) => line.includes('  --'));
    expect(Math.max(...options.map((line) => line.length))).toBeLessThanOrEqual(100);
    const shell = command.replace('xv6-replay', `'${process.execPath}' '${CLI}'`);
    expect(spawnSync('sh', ['-c', shell], { cwd }).status).toBe(1);
  });

  it('of correct code says what was covered', () => {
    const { code, out } = xv6(folder(), ['fuzz', '--seed', '1', '--programs', '20']);
    expect(code).toBe(0);
    expect(out).toMatch(/^nothing found in 20 programs, 400 executions, .*; seed 1\n/);
    expect(out).toMatch(/\d+ system calls, in one execution of each program: .*shm_open \d+/s);
  });

  it('tells programs the same', () => {
    const { code, lines } = xv6Json(folder(), [...BROKEN, '--no-shrink']);
    expect(code).toBe(1);
    const told = lines.filter(({ kind }) => kind !== 'output');
    expect(told.map(({ kind }) => kind)).toEqual(['fuzzed', 'finding', 'run', 'fuzz']);
    expect(told[0]).toMatchObject({ program: 'script', schedule: null, candidates: 0 });
    expect(told[3]).toMatchObject({ seed: 1, findings: 1, exitCode: 1 });
  });

  it.each([
    [['--programs', '0'], 'whole number'],
    [['--schedules', 'x'], 'whole number'],
    [['--jobs', '0'], 'whole number'],
    [['--resume', 'nowhere'], 'no such file'],
    [['--max-time', 'soon'], '60s, 5m or 2h'],
    [['--strategy', 'rnadom'], 'did you mean random?'],
    [['--strategy', 'urw:0'], 'urw has no such options'],
    [['--mutant', 'shm-open-abba'], 'did you mean shm-open-aba?'],
    [['--detectors', 'rcae'], 'did you mean race?'],
    [['churn'], 'too many arguments'],
  ])('refuses %j in one line', (args, words) => {
    const { code, out, err } = xv6(folder(), ['fuzz', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});
