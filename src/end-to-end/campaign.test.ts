import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, xv6, xv6Json } from '../../property-tests/built.ts';

const BROKEN = 'exit-wait --mutant sleep-releases-first --strategy random --seed 1'.split(' ');

describe('explore', () => {
  it('ends with the report of what it found, and leaves its trace', () => {
    const cwd = folder();
    const { code, out } = xv6(cwd, ['explore', ...BROKEN]);
    expect(code).toBe(1);
    expect(out).toContain('found, first in execution');
    const id = /replay (XR-[0-9a-f]{6})/.exec(out)?.[1] as string;
    expect(existsSync(join(cwd, '.xv6-replay', `${id}.xrt`))).toBe(true);
    expect(xv6(cwd, ['replay', id]).code).toBe(1);
  });

  it('of correct code says how much it looked at, and what pct may have missed', () => {
    const args = ['explore', 'exit-wait', '--seed', '1', '--schedules', '200'];
    const { code, out } = xv6(folder(), [...args, '--strategy', 'pct:2,100']);
    expect(code).toBe(0);
    expect(out).toContain('not found in 200 executions of exit-wait (pct:2,100)');
    expect(out).toContain('chance of having missed a depth-2 bug: at most ');
  });

  it('tells programs the same', () => {
    const { lines } = xv6Json(folder(), ['explore', ...BROKEN]);
    expect(lines.map(({ kind }) => kind)).toEqual(['exploration', 'finding', 'run', 'passing']);
  });

  it.each([
    [['--schedules', '0'], 'whole number'],
    [['--max-time', 'soon'], '60s, 5m or 2h'],
    [['--strategy', 'pct:x'], 'no strategy pct:x'],
  ])('refuses %j in one line', (args, words) => {
    const { code, out, err } = xv6(folder(), ['explore', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('shrink', () => {
  it('leaves one preemption of a lost wakeup, in a trace of its own', () => {
    const cwd = folder();
    const id = /replay (XR-[0-9a-f]{6})/.exec(xv6(cwd, ['explore', ...BROKEN]).out)?.[1] as string;
    const { code, out } = xv6(cwd, ['shrink', id, '-o', 'min.xrt']);
    expect(code).toBe(1);
    expect(out).toMatch(/Shrunk {2}from \d+ preemptions, \d+ steps\n +to 1 preemption,/);
    expect(xv6(cwd, ['replay', 'min.xrt']).code).toBe(1);
  });

  it('overwrites nothing', () => {
    const cwd = folder();
    const id = /replay (XR-[0-9a-f]{6})/.exec(xv6(cwd, ['explore', ...BROKEN]).out)?.[1] as string;
    writeFileSync(join(cwd, 'min.xrt'), 'mine');
    const { code, err } = xv6(cwd, ['shrink', id, '-o', 'min.xrt']);
    expect([code, err]).toEqual([2, expect.stringContaining('nothing is overwritten')]);
    expect(readFileSync(join(cwd, 'min.xrt'), 'utf8')).toBe('mine');
  });

  it('of a trace without a finding is refused in one line', () => {
    const cwd = folder();
    xv6(cwd, ['run', '--seed', '1', '--record', 'fine.xrt']);
    const { code, err } = xv6(cwd, ['shrink', 'fine.xrt']);
    expect([code, err]).toEqual([2, 'xv6-replay: the trace has no finding to keep\n']);
  });
});

describe('--detectors', () => {
  const broken = ['run', 'open-close', '--mutant', 'shm-close-unlocked-decrement', '--seed', '1'];

  it('leaves the others out, and the trace replays with the same', () => {
    const cwd = folder();
    expect(xv6(cwd, broken).out).toContain('open-close › lock-discipline');
    const few = [...broken, '--detectors', 'leak,deadlock', '--record', 'few.xrt'];
    expect(xv6(cwd, few).code).toBe(0);
    expect(xv6(cwd, ['replay', 'few.xrt']).code).toBe(0);
  });

  it('knows what it offers', () => {
    const { code, err } = xv6(folder(), [...broken, '--detectors', 'leek']);
    expect([code, err.trimEnd().split('\n')]).toEqual([2, [expect.stringContaining('leak')]]);
  });

  it('of a mutant that does not show here, the run says where it does', () => {
    const args = ['run', 'exit-wait', '--mutant', 'shm-open-create-apart', '--seed', '1'];
    expect(xv6(folder(), args).out).toContain(
      'mutant shm-open-create-apart shows in scenario open-open',
    );
  });
});
