import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { CLI, folder, xv6 } from '../../property-tests/built.ts';

/** The environment in which the built kernel breaks where somebody hears it print. */
function broken(cwd: string): Readonly<Record<string, string>> {
  const kernel = pathToFileURL(join(CLI, '../../kernel/kernel.js')).href;
  const code = `import { Kernel } from '${kernel}';
Kernel.prototype.print = function () {
  if (this.onPrint !== null) throw new TypeError('a fault of ours');
};`;
  writeFileSync(join(cwd, 'break.mjs'), code);
  return { NODE_OPTIONS: `--import=${pathToFileURL(join(cwd, 'break.mjs')).href}` };
}

it('a fault of ours is no finding: exit code 70, a stack, a request to report it', () => {
  const cwd = folder();
  const { code, out, err } = xv6(cwd, ['run', '--seed', '1'], broken(cwd));
  expect(code).toBe(70);
  expect(out).toBe('');
  expect(err).toMatch(/^xv6-replay: internal error: TypeError: a fault of ours\n {4}at /);
  expect(err).toMatch(/Please report it[\s\S]*the command: xv6-replay run --seed 1\n$/);
  expect(existsSync(join(cwd, '.xv6-replay'))).toBe(false);
});

it('a fault of ours while recording leaves what led to it, and that replays', () => {
  const cwd = folder();
  xv6(cwd, ['run', '--seed', '1', '--record', 'a.xrt'], broken(cwd));
  const { code, out, err } = xv6(cwd, ['replay', 'a.xrt']);
  expect(code).toBe(2);
  expect(out).toMatch(/^replayed 1,\d\d\d steps, .*: identical as far as it goes\n$/m);
  expect(err).toContain('the end is missing');
  expect(xv6(cwd, ['show', 'a.xrt']).out).toContain('shm_close(0) → 0');
});

it.each([
  [['run', '--seed', '1']],
  [['explore', 'two-open-close', '--schedules', '2', '--jobs', '1']],
])('a panic at boot is a finding about the kernel: exit code 1, %j', (args) => {
  const cwd = folder();
  const at = (path: string): string => pathToFileURL(join(CLI, '../..', path)).href;
  const code = `import { Machine } from '${at('machine/machine.js')}';
import { KernelPanic } from '${at('kernel/panic.js')}';
Machine.prototype.drain = () => {
  throw new KernelPanic('kref', 0, 0, 0);
};`;
  writeFileSync(join(cwd, 'patch.mjs'), code);
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(join(cwd, 'patch.mjs')).href}` };
  const result = xv6(cwd, args, env);
  expect(result.err).toBe('xv6-replay: found: kernel panic at boot: kref, on CPU 0\n');
  expect(result.code).toBe(1);
});
