import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

/** The built program, as the package installs it. `npm test` builds it first. */
export const CLI = resolve(import.meta.dirname, '../dist/src/cli.js');

/** What one invocation of the command line did. */
export interface Invocation {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder that is gone when the test is over. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'xv6-replay-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs the built program in a folder, without a terminal. */
export function xv6(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Invocation {
  const { NODE_OPTIONS: _, COLUMNS: __, ...inherited } = process.env;
  const options = { cwd, env: { ...inherited, ...env }, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], options);
  return { code: status, out: stdout, err: stderr };
}

/** As xv6, and Ctrl-C after so many milliseconds; code is null for one that it ended at once. */
export function spawned(cwd: string, args: readonly string[], ms: number): Promise<Invocation> {
  const { NODE_OPTIONS: _, COLUMNS: __, ...env } = process.env;
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  setTimeout(() => child.kill('SIGINT'), ms);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** As xv6, for output that programs read: one object a line. */
export function xv6Json(
  cwd: string,
  args: readonly string[],
): { readonly code: number | null; readonly lines: readonly Record<string, unknown>[] } {
  const { code, out } = xv6(cwd, [...args, '--json']);
  const lines = out.split('\n').filter((line) => line !== '');
  return { code, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}
