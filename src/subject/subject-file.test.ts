import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, type Invocation, xv6, xv6Json } from '../../property-tests/built.ts';

const HEAD = "import { program, scenario, ulib } from 'xv6-replay';\n";

const RACE = `${HEAD}
interface Told { readonly by: number }

export default program('x = 5', ({ cell, thread, outcome }) => {
  const x = cell('x', 5);
  const told: Told = { by: 1 };
  thread('add', function* () {
    const v = x.load() ?? (yield);
    x.store(v + told.by) ?? (yield);
  });
  thread('double', function* () {
    const v = x.load() ?? (yield);
    x.store(v * 2) ?? (yield);
  });
  outcome(() => x.value);
});
`;

/** A program whose only thread is the code between the braces. */
const thread = (code: string): string =>
  `${HEAD}export default program('p', ({ cell, thread, check }) => {
  const x = cell('x');
  thread('only', function* () { ${code} });
});
`;

/** A folder with files; runs the built program in it. */
function here(files: Readonly<Record<string, string>>): (...args: string[]) => Invocation {
  const cwd = folder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(cwd, name, '..'), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return (...args) => xv6(cwd, args);
}

describe('a file of a program', () => {
  it('is run, recorded, replayed, shrunk and shown with the lines of its author', () => {
    const run = here({ 'race.ts': RACE });
    const first = run('run', './race.ts', '--seed', '1', '--record', 'a.xrt');
    expect(first).toMatchObject({ code: 1, err: '' });
    expect(first.out).toMatch(/^ FAIL {2}race\.ts › race .*\n data race on x: add and double\n/);
    expect(first.out).toContain('race.ts · 2 threads · random · seed 1');
    expect(first.out).toMatch(/race\.ts:(9|10|13|14)/);
    expect(run('replay', 'a.xrt')).toMatchObject({ code: 1, err: '' });
    expect(run('replay', 'a.xrt').out).toContain('1 checkpoint agrees: identical');
    expect(run('shrink', 'a.xrt', '-o', 'min.xrt')).toMatchObject({ code: 1, err: '' });
    expect(run('replay', 'min.xrt').code).toBe(1);
    expect(run('show', 'a.xrt', '--choices').out).toMatch(/thread [01] goes on/);
  });

  it('is explored', () => {
    const { code, out } = here({ 'race.ts': RACE })('explore', 'race.ts', '--seed', '1');
    expect(code).toBe(1);
    expect(out).toContain('data race on x');
  });

  it('tells the outcome of an execution', () => {
    const run = here({ 'race.ts': RACE });
    const args = ['run', 'race.ts', '--detectors', 'check', '--schedule', '0-3.1-3'];
    expect(run(...args)).toMatchObject({ code: 0, err: '' });
    expect(run(...args).out).toContain('\noutcome 12\n');
    const { out } = run(...args, '--json');
    expect(JSON.parse(out)).toMatchObject({ kind: 'run', program: 'race.ts', outcome: 12 });
  });

  it('may export several, import others, and be JavaScript of any kind', () => {
    const named = RACE.replace('export default', 'export const first =');
    const run = here({
      'several.ts': `${named}\nexport { default as second } from './deep/race.ts';\n`,
      'deep/race.ts': RACE,
      'race.mjs': RACE.replace(/interface.*|: Told/g, ''),
      'race.cjs': RACE.replace(/interface.*|: Told/g, '')
        .replace(/import (.*) from (.*);/, 'const $1 = require($2);')
        .replace('export default', 'module.exports ='),
    });
    for (const file of ['several.ts#first', 'several.ts#second', 'race.mjs', 'race.cjs']) {
      const { code, out, err } = run('run', file, '--seed', '1');
      expect({ code, err }, file).toEqual({ code: 1, err: '' });
      expect(out).toContain(` FAIL  ${file} › race`);
    }
    expect(run('run', 'several.ts#second', '--seed', '1').out).toContain('deep/race.ts:');
    expect(run('run', 'several.ts').err).toBe(
      'xv6-replay: several.ts has several, choose one: several.ts#first, several.ts#second\n',
    );
    expect(run('run', 'several.ts#secund').err).toBe(
      'xv6-replay: several.ts exports no secund; did you mean second?\n',
    );
  });

  it.each(['ts', 'mts', 'js', 'mjs'])('as .%s means the xv6-replay that runs it', (ending) => {
    const other = 'node_modules/xv6-replay';
    const xv6 = here({
      [`${other}/package.json`]: '{ "name": "xv6-replay", "type": "module", "main": "index.js" }',
      [`${other}/index.js`]: 'export let program = () => 0, scenario, ulib;\n',
      [`race.${ending}`]: RACE.replace(/^interface.*$/m, '').replace(': Told', ''),
    });
    expect(xv6('run', `race.${ending}`)).toMatchObject({ code: 1, err: '' });
  });

  it('may be a scenario for the kernel, with CPUs, limits and mutants', () => {
    const run = here({
      'own.ts': `${HEAD}export default scenario({
  name: 'opening',
  processes: ['opener foo', 'shmreader foo 0'],
  programs: {
    *opener(u, [, name = '']) {
      const od = yield* ulib.shm_open(u, name);
      ulib.shm_close(u, od) ?? (yield);
    },
  },
  holds: () => true,
});
`,
    });
    const clean = run('run', 'own.ts', '--cpus', '3', '--seed', '1', '--record', 'a.xrt');
    expect(clean).toMatchObject({ code: 0, err: '' });
    expect(clean.out).toContain('own.ts · 3 CPUs · round-robin · seed 1');
    expect(run('replay', 'a.xrt')).toMatchObject({ code: 0, err: '' });
    const broken = run('explore', 'own.ts', '--mutant', 'shm-close-unlocked-decrement');
    expect(broken.code).toBe(1);
  });
});

describe('what a thread does wrong is a finding', () => {
  it.each([
    ['throws', 'x.load() ?? (yield);\nthrow new Error("no");', [], 'only throws: no'],
    ['never ends', 'for (;;) x.fetchAdd(1) ?? (yield);', ['--steps-max', '99'], 'after 99 steps'],
  ])('when it %s', (_, code, options, text) => {
    const { code: exit, out, err } = here({ 'p.ts': thread(code) })('run', 'p.ts', ...options);
    expect({ exit, err }).toEqual({ exit: 1, err: '' });
    expect(out).toContain(text);
    expect(out).toMatch(/p\.ts:[45]/);
  });
});

describe('bad input is one clear line, and exit code 2:', () => {
  it.each([
    ['no such file', {}, ['nope.ts'], 'cannot read nope.ts: no such file or folder'],
    [
      'a file without an export',
      { 'p.ts': 'export const x = 1;' },
      ['p.ts'],
      "p.ts exports no program or scenario; write export default program('name', …)",
    ],
    [
      'a syntax error',
      { 'p.ts': 'const x = 1;\nconst = 2;' },
      ['p.ts'],
      'p.ts:2: Unexpected token',
    ],
    [
      'one that throws while it is loaded',
      { 'p.ts': "const x = 1;\nthrow new Error('early');" },
      ['p.ts'],
      'p.ts:2: throws while it is loaded: early',
    ],
    [
      'one that imports what is not there',
      { 'p.ts': "import x from './q.ts';\nexport default x;" },
      ['p.ts'],
      "p.ts: Cannot find module './q.ts'",
    ],
    [
      'a program without threads',
      { 'p.ts': `${HEAD}export default program('p', () => {});` },
      ['p.ts'],
      'p.ts: p: a program has 1 to 64 threads, not 0',
    ],
    [
      'a thread that breaks the contract',
      { 'p.ts': thread('yield;') },
      ['p.ts'],
      'p.ts: only yields without an operation',
    ],
    [
      'CPUs without a kernel',
      { 'p.ts': thread('') },
      ['p.ts', '--cpus', '3'],
      'p.ts has no kernel: --cpus cannot be used there',
    ],
    [
      'frames without a kernel',
      { 'p.ts': thread('') },
      ['p.ts', '--frames', '64'],
      'p.ts has no kernel: --frames cannot be used there',
    ],
    [
      'a mutant without a kernel',
      { 'p.ts': thread('') },
      ['p.ts', '--mutant', 'kfree-apart'],
      'p.ts has no kernel: --mutant cannot be used there',
    ],
    [
      'a detector that cannot see anything there',
      { 'p.ts': thread('') },
      ['p.ts', '--detectors', 'race,leak'],
      'the detector leak has nothing to watch in p.ts',
    ],
    ['arguments', { 'p.ts': thread('') }, ['p.ts', 'x'], 'p.ts takes no arguments'],
    [
      'two who choose',
      { 'p.ts': thread('') },
      ['p.ts', '--schedule', '0-1', '--strategy', 'random'],
      '--schedule and --strategy cannot both choose what runs next',
    ],
    [
      'no schedule',
      { 'p.ts': thread('') },
      ['p.ts', '--schedule', '0,1'],
      'a schedule is lanes and steps such as 0-3.1-2, not 0,1',
    ],
  ])('%s', (_, files: Record<string, string>, args, message) => {
    const { code, out, err } = here(files)('run', ...args);
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: `xv6-replay: ${message}\n` });
  });

  it.each([
    ['chance', 'x.store(Math.floor(Math.random() * 2 ** 30)) ?? (yield);'],
    ['a clock', 'x.store(Date.now() % 2 ** 30) ?? (yield);'],
    ['what an earlier execution left', 'x.store(left++) ?? (yield);'],
  ])('%s in a thread', (_, code) => {
    const run = here({ 'p.ts': `let left = 0;\n${thread(code)}` });
    const { code: exit, err } = run('run', 'p.ts');
    expect(exit).toBe(2);
    expect(err).toMatch(
      /^xv6-replay: p\.ts is not deterministic: run twice with the same schedule, thread only did store\(x, \d+\) at step 2 the first time and store\(x, \d+\) the second; a thread may depend only on the results of its operations\n$/,
    );
  });
});

it('programs read the same of a file as of one of ours', () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'race.ts'), RACE);
  const { code, lines } = xv6Json(cwd, ['run', 'race.ts', '--seed', '1']);
  expect(code).toBe(1);
  expect(lines.map(({ kind }) => kind)).toEqual(['finding', 'run']);
  const { report } = lines[0] as { report: { steps: { thread: string }[] } };
  expect(new Set(report.steps.map((step) => step.thread))).toEqual(new Set(['add', 'double']));
});
