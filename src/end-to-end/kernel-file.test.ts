import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, type Invocation, xv6 } from '../../property-tests/built.ts';
import { elf } from '../../riscv/guests/assembler.ts';
import { ECHO } from '../../riscv/guests/echo.ts';

const KERNEL = elf(ECHO);

/** Runs the command in a folder that has a kernel, damaged ones, and disks. */
function run(...args: string[]): Invocation {
  const cwd = folder();
  const x86 = KERNEL.slice();
  x86[18] = 62;
  const narrow = KERNEL.slice();
  narrow[4] = 1;
  const swapped = KERNEL.slice();
  swapped[5] = 2;
  const files = { kernel: KERNEL, x86, narrow, swapped, cut: KERNEL.subarray(0, 130) };
  const disks = { 'fs.img': new Uint8Array(1024), 'cut.img': new Uint8Array(700), text: 'hello' };
  for (const [name, bytes] of Object.entries({ ...files, ...disks })) {
    writeFileSync(join(cwd, name), bytes);
  }
  return xv6(cwd, ['run', ...args]);
}

const GOOD = ['kernel', '--disk', 'fs.img'];

it("a kernel's console is standard output, ours is standard error, and lines are typed at prompts", () => {
  const { code, out, err } = run(...GOOD, '--seed', '42', '--type', 'hi', '--type', 'you');
  expect(out).toBe('$ hi\n$ you\n$ ');
  expect(err).toContain('kernel · 1 CPU · seed 42\nnothing found: the shell prompts again in ');
  expect(code).toBe(0);
});

it('the same seed gives the same run on several CPUs, and another seed another', () => {
  const told = (seed: string): string => {
    const { err } = run(...GOOD, '--cpus', '3', '--seed', seed, '--type', 'hi');
    return err.replace(/[\d.]+ s;/, '');
  };
  expect(told('1')).toBe(told('1'));
  expect(told('1')).not.toBe(told('2').replace('seed 2', 'seed 1'));
});

it('a line that tells of a panic is a finding', () => {
  const { code, err } = run(...GOOD, '--seed', '1', '--type', 'panic: a');
  expect(err).toContain('found: it printed panic: a in ');
  expect(code).toBe(1);
});

it('processes that the kernel kills after a trap are counted, and are no finding', () => {
  const line = 'usertrap(): unexpected scause 0xd pid=3';
  const killed = run(...GOOD, '--seed', '1', '--type', line, '--type', line);
  expect(killed.err).toContain('the shell prompts again (the kernel killed 2 processes) in ');
  expect(killed.code).toBe(0);
  const { code, err } = run(...GOOD, '--seed', '1', '--type', line, '--type', 'panic: kerneltrap');
  expect(err).toContain('found: it printed panic: kerneltrap (the kernel killed 1 process) in ');
  expect(code).toBe(1);
});

it('--until ends a run, --fail-on says what is a finding', () => {
  expect(run(...GOOD, '--type', 'hello', '--until', 'hell').code).toBe(0);
  expect(run(...GOOD, '--type', 'hello', '--fail-on', 'h.*o').code).toBe(1);
});

it('a kernel that never prompts ends at the limit, and where its CPUs are is said', () => {
  const { code, err } = run(...GOOD, '--prompt', '#', '--max-instructions', '5000');
  expect(err).toContain('still running at the limit (CPU 0 at 0x0000000080000');
  expect(code).toBe(1);
});

it.each([
  [['text', '--disk', 'fs.img'], 'text: not an ELF file'],
  [['x86', '--disk', 'fs.img'], 'x86: a program for x86-64, not RISC-V'],
  [['narrow', '--disk', 'fs.img'], 'narrow: a 32-bit ELF file, not RV64'],
  [['swapped', '--disk', 'fs.img'], 'swapped: a big-endian ELF file'],
  [['cut', '--disk', 'fs.img'], 'cut: segment 0 goes beyond the end of the file'],
  [['gone', '--disk', 'fs.img'], 'gone: no such file'],
  [['kernel'], 'kernel is a kernel: --disk names its disk'],
  [['kernel', '--disk', 'gone.img'], 'gone.img: no such file'],
  [['kernel', '--disk', 'cut.img'], 'the disk has 700 bytes'],
  [['kernel', 'x', '--disk', 'fs.img'], 'a kernel takes no arguments'],
  [[...GOOD, '--cpus', '9'], 'runs on 1 to 8 CPUs'],
  [[...GOOD, '--strategy', 'pct'], '--strategy does not work yet'],
  [[...GOOD, '--memory', '1'], 'from 64 to 1024'],
  [['shmtest', '--type', 'x'], '--type is for a kernel in a file'],
])('refused in one line: run %j', (args, words) => {
  const { code, out, err } = run(...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(words);
  expect(err.trimEnd()).not.toContain('\n');
});
