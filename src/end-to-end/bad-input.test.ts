import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, type Invocation, xv6 } from '../../property-tests/built.ts';
import { bodiesOf, forged } from '../../property-tests/forging.ts';

/** One clear line on standard error that says this, nothing else, and the exit code for bad input. */
function refused(words: string | RegExp): unknown {
  const line =
    words instanceof RegExp ? words.source : words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return { code: 2, out: '', err: expect.stringMatching(`^xv6-replay: [^\\n]*${line}[^\\n]*\\n$`) };
}

it.each([
  [['rnu'], "unknown command 'rnu' (Did you mean run?)"],
  [['help', 'rnu'], 'no command rnu; did you mean run?'],
  [['run', 'shmtst'], 'no program or scenario shmtst; did you mean shmtest?'],
  [['run', 'two-open-clos'], 'did you mean two-open-close?'],
  [['run', 'zzzzzzzz'], 'no program or scenario zzzzzzzz; list shows them'],
  [['run', 'constructor'], 'no program or scenario constructor'],
  [['run', 'init'], 'init cannot be run; name a program'],
  [['run', 'two-open-close', '--', 'x'], 'takes no arguments'],
  [['run', '--strategy', 'rnadom'], 'did you mean random?'],
  [['run', '--strategy', 'replay'], 'unknown strategy'],
  [['run', '--strategy', 'pct:3,5,6'], 'pct has no such options'],
  [['run', '--strategy', 'random:3'], 'random has no such options'],
  [['run', '--mutant', ','], 'names, with commas'],
  [['run', '--detectors', ''], 'names, with commas'],
  [['run', '--record', ''], 'the name of a file'],
  [['run', '--schedule', '4-1'], 'no lane 4: what runs has lanes 0 to 3'],
  [['run', ''], 'a program has a name'],
  [['list', 'mutnats'], 'There is no kind mutnats; did you mean mutants?'],
  [['show', 'nope.xrt', '--from', '9', '--to', '3'], '--from 9 is after --to 3'],
  [['show', 'nope.xrt', '--choices', '--pid', '3'], '--pid cannot be used there'],
  [['shrink', 'nope.xrt', '-o', ''], 'the name of a file'],
  [['shrink', 'nope.xrt', '-o', 'none/x.xrt'], 'none/x.xrt: no such file or folder'],
  [['run', '--mutant', 'shm-open-abba'], 'did you mean shm-open-aba?'],
  [['run', '--sed', '4'], "unknown option '--sed' (Did you mean --seed?)"],
  [['run', '--seed'], 'argument missing'],
  [['run', '--seed', '4.5'], 'whole number'],
  [['run', '--seed', 'x'], 'whole number'],
  [['run', '--seed', ''], 'whole number'],
  [['run', '--seed', '1e3'], 'whole number'],
  [['run', '--seed', '0x10'], 'whole number'],
  [['run', '--seed', '9007199254740992'], 'whole number of less than 2^53'],
  [['run', '--cpus', '0'], 'whole number from 1 to 64'],
  [['run', '--cpus', '65'], 'whole number from 1 to 64'],
  [['run', '--cpus', '-1'], 'whole number from 1 to 64'],
  [['run', '--detail', '3'], 'whole number from 0 to 2'],
  [['run', '--nproc', '1'], 'whole number from 2 to 256'],
  [['run', '--frames', '31'], 'whole number from 32 to 262144'],
  [['run', 'shmtest', '--', 'é'], 'ASCII'],
  [['run', 'shmtest', '--', 'x'.repeat(128)], '127 bytes at most'],
  [['run', 'shmtest', '--', ...Array.from({ length: 32 }, () => 'x')], '31 arguments at most'],
  [['run', 'shmtest', '--', ...Array.from({ length: 31 }, () => 'x'.repeat(127))], 'do not fit'],
  [['replay'], "missing required argument 'trace'"],
  [['replay', 'nope.xrt'], 'cannot read nope.xrt: no such file or folder'],
  [['replay', 'XR-000000'], 'no such file or folder'],
  [['show', '.'], 'cannot read .: it is a folder'],
  [['show', 'nope.xrt', '--kind', 'swtich'], 'There is no kind swtich; did you mean switch?'],
  [['show', 'nope.xrt', '--pid', 'x'], 'whole number'],
  [['diff', 'nope.xrt'], "missing required argument 'b'"],
  [['list', 'x', 'y'], 'too many arguments: list takes 1, and was given 2'],
  [['replay', 'a', 'b', 'c'], 'too many arguments: replay takes 1, and was given 3'],
  [['run', '--bug', 'x'], "unknown option '--bug'; did you mean --mutant?"],
  [['run', '--mutant', 'shm-open-cr'], 'did you mean shm-open-create-apart?'],
  [['explore', 'open-race', '--strategy', 'dpor', '--focus', 'shmm'], 'did you mean shm?'],
])('%j is refused in one line', (args, words) => {
  expect(xv6(folder(), args)).toEqual(refused(words));
});

it('a machine too small for its processes is refused', () => {
  const args = ['run', 'two-open-close', '--nproc', '2'];
  expect(xv6(folder(), args)).toEqual(refused('nproc 2 is too few for 3 processes'));
});

it('no command at all shows the help and is no success', () => {
  const { code, out } = xv6(folder(), []);
  expect(code).toBe(2);
  expect(out).toContain('Usage: xv6-replay');
});

it('a recording never overwrites, and one that cannot be written leaves nothing', () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'kept.xrt'), 'precious');
  mkdirSync(join(cwd, 'sub'));
  const record = (path: string): Invocation => xv6(cwd, ['run', '--record', path]);
  expect(record('kept.xrt')).toEqual(refused('kept.xrt: it exists; nothing is overwritten'));
  expect(readFileSync(join(cwd, 'kept.xrt'), 'utf8')).toBe('precious');
  expect(record('sub')).toEqual(refused(/sub: (it exists|it is a folder)/));
  expect(record('none/x.xrt')).toEqual(refused('none/x.xrt: no such file or folder'));
  expect(record('kept.xrt/x')).toEqual(refused('a part of the path is not a folder'));
  expect(xv6(cwd, ['run', 'shmtst', '--record', 'new.xrt']).code).toBe(2);
  expect(xv6(cwd, ['show', 'new.xrt'])).toEqual(refused('no such file or folder'));
});

it.each(['replay', 'show'])('%s refuses what is no trace', (verb) => {
  const cwd = folder();
  writeFileSync(join(cwd, 'empty.xrt'), '');
  writeFileSync(join(cwd, 'text.xrt'), 'run, run, run\n'.repeat(1000));
  writeFileSync(join(cwd, 'rubbish.xrt'), Buffer.alloc(5000, 0xc1));
  expect(xv6(cwd, [verb, 'empty.xrt'])).toEqual(refused('empty.xrt: the trace is empty'));
  expect(xv6(cwd, [verb, 'text.xrt'])).toEqual(refused('text.xrt: this is not a trace'));
  expect(xv6(cwd, [verb, 'rubbish.xrt'])).toEqual(refused('rubbish.xrt: the trace is damaged'));
});

/** A recorded trace whose header says something else; its checksum is right. */
function withHeader(cwd: string, change: Readonly<Record<string, unknown>>): string {
  xv6(cwd, ['run', '--seed', '1', '--record', 'a.xrt']);
  const [header, ...rest] = bodiesOf(readFileSync(join(cwd, 'a.xrt')));
  writeFileSync(join(cwd, 'b.xrt'), forged([{ ...header, ...change }, ...rest]));
  return 'b.xrt';
}

it.each(['replay', 'show'])('%s refuses a newer format and names both versions', (verb) => {
  const cwd = folder();
  const trace = withHeader(cwd, { version: 99 });
  expect(xv6(cwd, [verb, trace])).toEqual(refused('newer format, version 99; this program reads'));
});

it('a trace of another kernel says so first, and is tried', () => {
  const cwd = folder();
  const { code, out, err } = xv6(cwd, ['replay', withHeader(cwd, { fingerprint: 'another' })]);
  expect(err).toMatch(/^xv6-replay: made by another kernel \(another, this one is [^\n]*\n$/);
  expect(out).toContain('identical');
  expect(code).toBe(0);
});

it('a trace of another kernel that does something else diverges, after saying so', () => {
  const cwd = folder();
  const trace = withHeader(cwd, { fingerprint: 'another', args: ['demo', '8192', '3'] });
  const { code, err } = xv6(cwd, ['replay', trace]);
  expect(code).toBe(3);
  const [first, second] = err.split('\n');
  expect(first).toContain('made by another kernel');
  expect(second).toMatch(/^xv6-replay: step \d+: the trace expects .*, the machine has /);
});

it('a trace that diverges exits with 3 and one line', () => {
  const cwd = folder();
  const { code, err } = xv6(cwd, ['replay', withHeader(cwd, { args: ['demo', '8192', '3'] })]);
  expect(code).toBe(3);
  expect(err).toMatch(/^xv6-replay: step \d+: the trace expects [^\n]*, the machine has [^\n]*\n$/);
});

it('a trace of a program that nobody knows can be shown, not replayed', () => {
  const cwd = folder();
  const trace = withHeader(cwd, { program: 'shmtext' });
  expect(xv6(cwd, ['show', trace])).toMatchObject({ code: 0, err: '' });
  expect(xv6(cwd, ['replay', trace])).toEqual(refused('no program or scenario shmtext'));
});

it.each([
  { config: { nproc: 1 } },
  { config: { frames: 1e9 } },
  { cpus: 0 },
  { cpus: 65 },
  { args: Array.from({ length: 400 }, () => 'x') },
  { mutants: ['__proto__'] },
  { guest: 'bare' },
])('a trace whose header asks for %j is refused, and can be shown', (change) => {
  const cwd = folder();
  const trace = withHeader(cwd, change);
  expect(xv6(cwd, ['replay', trace])).toEqual(refused(''));
  expect(xv6(cwd, ['show', trace]).code).toBe(0);
});

it('what a trace says cannot steer the terminal', () => {
  const cwd = folder();
  const trace = withHeader(cwd, { program: 'x\x1b[2J', args: ['\x9b31m', '\r'], strategy: '\x07' });
  const { out } = xv6(cwd, ['show', trace]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  expect(out).toContain('\\x1b[2J');
});
