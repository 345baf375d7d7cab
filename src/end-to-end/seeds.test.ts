import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, spawned, xv6, xv6Json } from '../../property-tests/built.ts';

const RACE = ['run', 'open-race', '--mutant', 'shm-open-create-apart', '--seeds', '1..60'];

describe('run --seeds', () => {
  it('says how often a program fails, of which cause, and leaves a trace that replays', () => {
    const cwd = folder();
    const { code, lines } = xv6Json(cwd, RACE);
    expect(code).toBe(1);
    const [told] = lines;
    expect(told).toMatchObject({ kind: 'seeds', first: 1, last: 60, runs: 60, strategy: 'random' });
    const found = told!.found as { seeds: number[]; trace: string; runs: number }[];
    const failing = found.flatMap(({ seeds }) => seeds);
    expect(told!.failed).toBe(failing.length);
    expect(failing.length).toBeLessThan(60);
    const { trace, seeds } = found[0]!;
    expect(xv6(cwd, ['replay', trace]).code).toBe(1);
    const one = xv6(cwd, [...RACE.slice(0, 4), '--strategy', 'random', '--seed', `${seeds[0]}`]);
    expect([one.code, one.out]).toEqual([1, expect.stringContaining(trace)]);
    const text = xv6(cwd, RACE);
    expect(text.code).toBe(1);
    expect(text.out).toMatch(/^open-race · random · seeds 1 to 60 · /);
    expect(text.out).toContain(`${failing.length} runs of 60 fail: `);
    expect(text.out).toContain(`xv6-replay replay ${trace}`);
  });

  it('that finds nothing says how rare a failure can still be, and ends with 0', () => {
    const { code, out } = xv6(folder(), ['run', 'open-race', '--seeds', '1..20']);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/no run fails: 0 %, between 0 % and 16 %/),
    ]);
  });

  it.each([
    [['--seeds', '5..1'], 'must be the first and the last seed'],
    [['--seeds', '7'], 'must be the first and the last seed'],
    [['--seeds', '0..99999999'], 'must be 10,000,000 seeds at most'],
    [['--seeds', '1..2', '--seed', '3'], '--seed is for one run'],
    [['--seeds', '1..2', '--record', 'x.xrt'], '--record is for one run'],
  ])('refuses %j in one line', (args, why) => {
    const cwd = folder();
    const { code, out, err } = xv6(cwd, ['run', 'open-race', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err.trim().split('\n').length).toBe(1);
    expect(err).toContain(why);
    expect(existsSync(join(cwd, 'x.xrt'))).toBe(false);
  });

  it('after Ctrl-C tells what it has so far, and ends with 130', async () => {
    const cwd = folder();
    writeFileSync(
      join(cwd, 'long.ts'),
      `import { program } from 'xv6-replay';
export default program('long', ({ cell, thread, check }) => {
  const x = cell('x');
  thread('one', function* () {
    for (let i = 0; i < 1000; i++) x.fetchAdd(1) ?? (yield);
  });
  check(() => true);
});
`,
    );
    const { code, out } = await spawned(cwd, ['run', 'long.ts', '--seeds', '1..9000000'], 2500);
    expect(code).toBe(130);
    expect(out).toMatch(/ of 9,000,000 seeds .*\ninterrupted\nno run fails/);
  });
});
