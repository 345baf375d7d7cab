import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { explore, guestSpec, program, replay, run, shrink } from 'xv6-replay';
import { CLI, folder, xv6 } from '../../property-tests/built.ts';

const text = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const CODE = /^```ts\n(.*?)^```$/gms;
const codeOf = (page: string): string[] => [...page.matchAll(CODE)].map(([, code = '']) => code);

/** Lines between two marks of this file, without the indentation of the first. */
function region(): string {
  const [, lines = ''] =
    /\/\/ begin\n(.*?)\n *\/\/ end/s.exec(text('src/end-to-end/documented.test.ts')) ?? [];
  const indent = /^ */.exec(lines)?.[0] ?? '';
  return lines.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
}

it('the example of the public API does what it says', () => {
  // begin
  const race = program('x = 5', ({ cell, thread, outcome }) => {
    const x = cell('x', 5);
    thread('add', function* () {
      const v = x.load() ?? (yield);
      x.store(v + 1) ?? (yield);
    });
    thread('double', function* () {
      const v = x.load() ?? (yield);
      x.store(v * 2) ?? (yield);
    });
    outcome(() => x.value);
  });
  const { complete, outcomes } = explore(race, { keepGoing: true });
  const { finding, trace } = run(race, { seed: 1, record: true });
  const again = replay(trace, { subject: race });
  const { schedule } = shrink(trace, race);
  const shmtest = guestSpec('shmtest', ['foo', '8192', '4'], { ncpu: 4 });
  const { steps } = run(shmtest, { seed: 42 });
  // end
  const shown = codeOf(text('src/index.ts').replaceAll(/^ \* ?/gm, ''))[0] ?? '';
  const comments = Object.fromEntries(
    [...shown.matchAll(/= (\w+)\(.*; \/\/ (.*)$/gm)].map(([, call = '', what = '']) => [
      call,
      what,
    ]),
  );
  expect(shown.replaceAll(/ \/\/ .*$/gm, '').replace(/^import .*\n\n/, '')).toBe(`${region()}\n`);
  expect(shown).toMatch(
    /^import \{ explore, guestSpec, program, replay, run, shrink \} from 'xv6-replay';\n/,
  );
  const values = outcomes.map(({ value }) => Number(value)).sort((a, b) => a - b);
  expect(comments.explore).toBe(`${complete}; ${values.join(', ')}`);
  expect(comments.replay).toBe(`the same finding: ${again.finding?.title}`);
  expect(finding?.title).toBe(again.finding?.title);
  expect(comments.shrink).toBe(schedule);
  expect(steps).toBeGreaterThan(1000);
});

it("the README's program is the example that it names", () => {
  const [shown = ''] = codeOf(text('README.md'));
  expect(text('examples/x5-race.ts')).toContain(shown);
});

it('the program and the scenario of the page on programs run as they stand', () => {
  const [race = '', scenario = ''] = codeOf(text('docs/programs.md'));
  const [commented = ''] = codeOf(text('src/subject/bare-subject.ts').replaceAll(/^ \* ?/gm, ''));
  const cwd = folder();
  writeFileSync(join(cwd, 'my-race.ts'), race);
  writeFileSync(join(cwd, 'commented.ts'), `import { program } from 'xv6-replay';\n${commented}`);
  writeFileSync(join(cwd, 'openers.ts'), scenario);
  for (const file of ['my-race.ts', 'commented.ts']) {
    const { code, out, err } = xv6(cwd, ['explore', file]);
    expect([file, code, err]).toEqual([file, 1, '']);
    expect(out).toContain('data race on x');
  }
  expect(xv6(cwd, ['run', 'openers.ts', '--seed', '1'])).toMatchObject({ code: 0, err: '' });
});

/** What does not change from one computer, or one line of source, to the next. */
const settled = (output: string): string =>
  output
    .replaceAll(/\d+\.\d{3} s\b/g, 'N s')
    .replaceAll(/[\d,]+ bytes;/g, 'N bytes;')
    .trimEnd();

it("the README's session prints what it says", () => {
  const [session = ''] = [...text('README.md').matchAll(/^```console\n(.*?)^```$/gms)].map(
    ([, all]) => all,
  );
  const cwd = folder();
  const parts = [...(session ?? '').matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)];
  expect(parts).toHaveLength(4);
  for (const [, command = '', output = ''] of parts) {
    const real = command.replace('npx xv6-replay', `"${process.execPath}" "${CLI}"`);
    const printed = execFileSync('bash', ['-c', real], { cwd, encoding: 'utf8' });
    expect(`${command}\n${settled(printed)}`).toBe(`${command}\n${settled(output)}`);
  }
});

it("the page on reports shows what its command prints; only the source's line numbers may move", () => {
  const page = text('docs/report.md');
  const [, command = ''] = /^`(run open-open .*)`:$/m.exec(page) ?? [];
  const [, shown = ''] = /^```\n( FAIL .*?)^```$/ms.exec(page) ?? [];
  const { out } = xv6(folder(), command.split(' '));
  const unlined = (report: string): string =>
    settled(report)
      .replaceAll(/\.ts:\d+/g, '.ts:N')
      .replaceAll(/\s+/g, ' ');
  expect(unlined(out.slice(out.indexOf(' FAIL ')))).toBe(unlined(shown));
});
