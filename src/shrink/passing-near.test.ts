import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, xv6, xv6Json } from '../../property-tests/built.ts';
import { program } from '../subject/bare-subject.ts';
import { run } from '../verbs/run.ts';
import { verify } from '../verbs/verify.ts';

const LOST = `import { program } from 'xv6-replay';
export default program('lost', ({ cell, mutex, thread, check }) => {
  const x = cell('x');
  const m = mutex('m');
  for (const name of ['a', 'b']) {
    thread(name, function* () {
      m.lock() ?? (yield);
      const v = x.load() ?? (yield);
      m.unlock() ?? (yield);
      m.lock() ?? (yield);
      x.store(v + 1) ?? (yield);
      m.unlock() ?? (yield);
    });
  }
  check(() => x.value === 2 || 'an update was lost');
});
`;

it('explore says when what it found first would not have happened', () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'lost.ts'), LOST);
  const { code, out } = xv6(cwd, ['explore', 'lost.ts']);
  expect(code).toBe(1);
  expect(out).toMatch(/^ Passes {2}when [ab] .*: /m);
  const { lines } = xv6Json(cwd, ['explore', 'lost.ts']);
  const passing = lines.find(({ kind }) => kind === 'passing');
  expect(passing).toMatchObject({ text: expect.stringMatching(/^when [ab] /) });
  expect(xv6(cwd, ['run', 'lost.ts', '--schedule', String(passing?.schedule)]).code).toBe(0);
});

it('verify says it, too', () => {
  const locks = program(
    'locks',
    ({ mutex, thread }) => {
      const [m, n] = [mutex('m'), mutex('n')];
      for (const [name, one, other] of [
        ['mn', m, n],
        ['nm', n, m],
      ] as const) {
        thread(name, function* () {
          one.lock() ?? (yield);
          other.lock() ?? (yield);
          other.unlock() ?? (yield);
          one.unlock() ?? (yield);
        });
      }
    },
    { detectors: ['deadlock'] },
  );
  expect(run(locks, { schedule: '0-5.1-5' }).finding).toBeUndefined();
  expect(() => verify(locks)).toThrow(/^ Passes {2}when (mn|nm) .*\n Replay/ms);
});
