/**
 * npm run node-versions
 *
 * Records the same runs with Node 20, 22 and 24, each installed as the npm package `node` into a
 * folder of its own, and compares the traces byte for byte. Needs the registry, so CI does not run
 * it. Exits with 1 when two traces differ.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const MAJORS = ['20', '22', '24'];

const RUNS: Readonly<Record<string, readonly string[]>> = {
  shmtest: ['shmtest', '--seed', '42', '--', 'foo', '8192', '4'],
  random: ['churn', '--seed', '7', '--cpus', '4', '--strategy', 'random', '--', 'foo', '300'],
  locks: ['scaling', '--seed', '-1', '--cpus', '8', '--detail', '2', '--', 'foo', '8', '5', '5'],
  finding: ['shmtest', '--seed', '42', '--steps-max', '500', '--', 'foo', '8192', '4'],
};

const CLI = resolve('dist/src/cli.js');

/** The node binary of a major version, installed into the folder. */
function install(folder: string, major: string): string {
  const home = join(folder, `node-${major}`);
  mkdirSync(home);
  const args = [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--prefix',
    home,
    `node@${major}`,
  ];
  execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return join(home, 'node_modules', 'node', 'bin', 'node');
}

/** Records a run; a finding's exit code is 1 and no failure. */
function record(node: string, folder: string, name: string, args: readonly string[]): Buffer {
  const path = join(folder, `${name}.xrt`);
  const dashes = args.indexOf('--');
  const all = [...args.slice(0, dashes), '--record', path, ...args.slice(dashes)];
  try {
    execFileSync(node, [CLI, 'run', ...all], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch (error) {
    if ((error as { status?: number }).status !== 1) throw error;
  }
  return readFileSync(path);
}

const folder = mkdtempSync(join(tmpdir(), 'xv6-replay-node-'));
try {
  const nodes = MAJORS.map((major) => install(folder, major));
  const versions = nodes.map((node) =>
    execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
  );
  for (const [name, args] of Object.entries(RUNS)) {
    const traces = nodes.map((node, i) => record(node, folder, `${name}-${MAJORS[i]}`, args));
    const [first] = traces as [Buffer];
    const hash = createHash('sha256').update(first).digest('hex').slice(0, 12);
    const same = traces.every((trace) => trace.equals(first));
    const verdict = same ? `identical on ${versions.join(', ')}` : 'NOT identical';
    console.log(`${name}: ${first.length} bytes, sha256 ${hash}…, ${verdict}`);
    if (!same) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
