import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CLI, folder, xv6, xv6Json } from '../../property-tests/built.ts';
import { elf } from '../../riscv/guests/assembler.ts';
import { ECHO } from '../../riscv/guests/echo.ts';
import { RESTLESS } from '../../riscv/guests/restless.ts';

const RUN = ['run', 'kernel', '--disk', 'fs.img', '--cpus', '2', '--seed', '3'];
const WITH = ['--kernel', 'kernel', '--disk', 'fs.img'];

/** A folder with a kernel, another, and a disk. */
function kernels(): string {
  const cwd = folder();
  writeFileSync(join(cwd, 'kernel'), elf(RESTLESS));
  writeFileSync(join(cwd, 'other'), elf(ECHO));
  writeFileSync(join(cwd, 'fs.img'), new Uint8Array(1024));
  return cwd;
}

it('a recorded run replays, and its trace is shown', () => {
  const cwd = kernels();
  const { err } = xv6(cwd, [...RUN, '--type', 'hi', '--record', 'a.xrt']);
  expect(err).toContain('replay it: xv6-replay replay a.xrt --kernel kernel --disk fs.img');
  const { code, out } = xv6(cwd, ['replay', 'a.xrt', ...WITH]);
  expect(out).toMatch(/^\$ hi\n\$ \nreplayed [\d,]+ instructions, .*: identical\n$/);
  expect(code).toBe(0);
  const shown = xv6(cwd, ['show', 'a.xrt', '--choices']).out;
  expect(shown).toContain('ran      kernel hi · 2 CPUs · random · seed 3 · memory 128\n');
  expect(shown).toContain('a line is typed, and the guest');
});

it('the trace of a finding is kept, and its replay has the finding', () => {
  const cwd = kernels();
  const run = xv6Json(cwd, [...RUN, '--type', 'panic: a']);
  const [finding] = run.lines.filter(({ kind }) => kind === 'finding');
  expect([run.code, finding?.title]).toEqual([1, 'it printed panic: a']);
  const { code, lines } = xv6Json(cwd, ['replay', `${finding?.trace}`, ...WITH]);
  expect(code).toBe(1);
  expect(lines.at(-1)).toMatchObject({ kind: 'replay', complete: true, exitCode: 1 });
});

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s leaves a trace that replays to where it was',
  async (signal) => {
    const cwd = kernels();
    const args = [CLI, ...RUN, '--prompt', 'never', '--record', 'a.xrt'];
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.once('data', () => child.kill(signal));
    expect(await once(child, 'close')).toEqual([130, null]);
    const { out } = xv6(cwd, ['replay', 'a.xrt', ...WITH]);
    expect(out).toContain(': identical');
  },
);

it('a trace opens no file by itself, and runs only those of its digests', () => {
  const cwd = kernels();
  xv6(cwd, [...RUN, '--record', 'a.xrt']);
  const whole = readFileSync(join(cwd, 'a.xrt'));
  writeFileSync(join(cwd, 'cut.xrt'), whole.subarray(0, whole.length - 20));
  writeFileSync(join(cwd, 'beheaded.xrt'), Uint8Array.from(whole).fill(0, 20, 30));
  const refused = [
    [['replay', 'a.xrt'], 'name it and its disk, --kernel FILE --disk FILE'],
    [['replay', 'a.xrt', '--kernel', 'other', '--disk', 'fs.img'], 'other is not the kernel'],
    [['replay', 'beheaded.xrt', ...WITH], 'its header is lost'],
    [['shrink', 'a.xrt'], 'the trace is of a kernel in a file'],
  ] as const;
  for (const [args, words] of refused) {
    const { code, err } = xv6(cwd, args);
    expect([code, err.trimEnd().split('\n').length]).toEqual([2, 1]);
    expect(err).toContain(words);
  }
  const { code, err } = xv6(cwd, ['replay', 'cut.xrt', ...WITH]);
  expect([code, err]).toEqual([2, expect.stringContaining('the file ends inside')]);
});
