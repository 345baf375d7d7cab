import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, xv6 } from '../../property-tests/built.ts';
import { bodiesOf, forged } from '../../property-tests/forging.ts';

/** A program with a race, which leaves a file behind wherever it is executed. */
const MARKING = `import { writeFileSync } from 'node:fs';
import { program } from 'xv6-replay';
writeFileSync('executed', '');
export default program('p', ({ cell, thread }) => {
  const x = cell('x');
  thread('a', function* () { x.store(1) ?? (yield); });
  thread('b', function* () { x.store(2) ?? (yield); });
});
`;

/** A folder with the recorded trace of `race.ts`, which was executed, and left no mark. */
function recorded(): string {
  const cwd = folder();
  writeFileSync(join(cwd, 'race.ts'), MARKING);
  expect(xv6(cwd, ['run', 'race.ts', '--seed', '1', '--record', 'a.xrt']).code).toBe(1);
  renameSync(join(cwd, 'executed'), join(cwd, 'was-executed'));
  return cwd;
}

/** The trace with another header; what is left out stays. */
function renamed(cwd: string, change: Readonly<Record<string, unknown>>): void {
  const [header, ...rest] = bodiesOf(readFileSync(join(cwd, 'a.xrt')));
  writeFileSync(join(cwd, 'b.xrt'), forged([{ ...header, ...change }, ...rest]));
}

const VERBS = ['replay', 'shrink'];

function expectRefused(cwd: string, trace: string, doubt: string | RegExp): void {
  for (const verb of VERBS) {
    const { code, out, err } = xv6(cwd, [verb, trace]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(doubt);
    expect(err).toMatch(
      /^xv6-replay: the trace is of [^\n]*; if you trust it, name the file: --subject FILE\n$/,
    );
  }
  for (const args of [
    ['show', trace],
    ['show', trace, '--json'],
    ['diff', trace, trace],
  ]) {
    expect(xv6(cwd, args).code).toBe(0);
  }
  expect(existsSync(join(cwd, 'executed'))).toBe(false);
}

describe('a file that a trace names is not executed', () => {
  it('if it has another text', () => {
    const cwd = recorded();
    writeFileSync(join(cwd, 'race.ts'), `${MARKING}// changed\n`);
    expectRefused(
      cwd,
      'a.xrt',
      /race\.ts \(SHA-256 [0-9a-f]{12}\), and the file of that name here has/,
    );
  });

  it('if it is not there', () => {
    const cwd = recorded();
    renameSync(join(cwd, 'race.ts'), join(cwd, 'moved.ts'));
    expectRefused(cwd, 'a.xrt', 'which cannot be read: no such file or folder');
  });

  it.each([
    ['by an absolute path', (cwd: string) => join(cwd, 'race.ts'), 'is not in this folder'],
    ['by a way out of the folder', () => '../race.ts', 'is not in this folder'],
    ['by a way out and back', () => 'deep/../race.ts', 'is not in this folder'],
    ['in node_modules', () => 'node_modules/p/race.ts', 'is in node_modules'],
    ['behind a link to a folder', () => 'link/race.ts', 'is reached through a link'],
    ['behind a link to a file', () => 'link.ts', 'is reached through a link'],
  ])('if it is named %s', (_, name, doubt) => {
    const cwd = recorded();
    mkdirSync(join(cwd, 'deep'));
    mkdirSync(join(cwd, 'node_modules/p'), { recursive: true });
    writeFileSync(join(cwd, 'node_modules/p/race.ts'), MARKING);
    symlinkSync('.', join(cwd, 'link'));
    symlinkSync('race.ts', join(cwd, 'link.ts'));
    renamed(cwd, { program: name(cwd) });
    expectRefused(cwd, 'b.xrt', doubt);
  });

  it('if the trace does not say which text it had', () => {
    const cwd = recorded();
    const [{ source: _, ...header } = {}, ...rest] = bodiesOf(readFileSync(join(cwd, 'a.xrt')));
    writeFileSync(join(cwd, 'b.xrt'), forged([header, ...rest]));
    expectRefused(cwd, 'b.xrt', /SHA-256 unknown/);
  });
});

describe('a file that a trace names is executed', () => {
  it('if it lies in the folder and has the text that was recorded', () => {
    const cwd = recorded();
    for (const verb of VERBS) expect(xv6(cwd, [verb, 'a.xrt'])).toMatchObject({ code: 1, err: '' });
    expect(existsSync(join(cwd, 'executed'))).toBe(true);
  });

  it('wherever it lies, if the user names it', () => {
    const cwd = recorded();
    mkdirSync(join(cwd, 'other'));
    for (const verb of VERBS) {
      const done = xv6(join(cwd, 'other'), [verb, '../a.xrt', '--subject', '../race.ts']);
      expect(done).toMatchObject({ code: 1, err: '' });
    }
  });

  it('if the user names one of another text, which is said first', () => {
    const cwd = recorded();
    writeFileSync(join(cwd, 'other.ts'), `${MARKING}// changed\n`);
    for (const verb of VERBS) {
      const { code, err } = xv6(cwd, [verb, 'a.xrt', '--subject', 'other.ts']);
      expect(code).toBe(1);
      expect(err).toMatch(
        /^xv6-replay: trace of another program: race\.ts was \w{12} and is \w{12}: it may diverge\n$/,
      );
    }
  });
});

describe('a small trace asks for little, or is refused in a line', () => {
  it.each([
    ['a machine of a gigabyte', { config: { frames: 262_144 } }],
    ['a million pages of objects', { config: { nshm: 1024, nshmpg: 1024 } }],
  ])('if it is for %s', (_, change) => {
    const cwd = folder();
    xv6(cwd, ['run', '--seed', '1', '--record', 'a.xrt']);
    renamed(cwd, change);
    for (const verb of VERBS) {
      const { code, out, err } = xv6(cwd, [verb, 'b.xrt']);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(
        /^xv6-replay: the trace asks for a machine of about [\d,]+ MiB, [^\n]*--unbounded\n$/,
      );
    }
    expect(xv6(cwd, ['show', 'b.xrt']).code).toBe(0);
  });

  it('if it is for steps without end, whether its end says so or not', () => {
    const cwd = folder();
    xv6(cwd, ['run', 'x5', '--cpus', '1', '--seed', '1', '--record', 'a.xrt']);
    const bodies = bodiesOf(readFileSync(join(cwd, 'a.xrt')));
    const steps = 1e12;
    const endless = bodies.map((body) => {
      if (body.kind === 'header') {
        const config = { ...(body.config as object), stepsMax: steps, tickInterval: 0 };
        return { ...body, program: 'x5', config };
      }
      return body.kind === 'end' ? { ...body, steps } : body;
    });
    writeFileSync(join(cwd, 'b.xrt'), forged(endless));
    for (const verb of VERBS) {
      const { code, err } = xv6(cwd, [verb, 'b.xrt']);
      expect(code).toBe(2);
      expect(err).toMatch(/^xv6-replay: the trace asks for 1,000,000,000,000 steps or more, /);
    }
  });

  it('if its events name a long text again and again', () => {
    const cwd = folder();
    xv6(cwd, ['run', '--seed', '1', '--record', 'a.xrt']);
    const [header = {}] = bodiesOf(readFileSync(join(cwd, 'a.xrt')));
    const strings = ['y'.repeat(60_000)];
    const rows = new Uint8Array(4 * 500).map((_, i) => [0x05, 0, 0, 0][i % 4] as number);
    const event = { kind: 'events', n: 0, count: 500, step: 0, strings, rows };
    writeFileSync(join(cwd, 'b.xrt'), forged([header, event]));
    const { code, err } = xv6(cwd, ['show', 'b.xrt', '--json']);
    expect(code).toBe(2);
    expect(err).toContain('the rows repeat too much text');
  });
});
