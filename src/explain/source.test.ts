import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { folder, xv6, xv6Json } from '../../property-tests/built.ts';
import type { Report } from './report.ts';
import { guestStack, placeText, shownPlace } from './source.ts';

function stackOf(...lines: readonly string[]): Error {
  const error = new Error();
  error.stack = ['Error', ...lines.map((line) => `    at ${line}`)].join('\n');
  return error;
}

it("only the guest's part of a stack is told, its paths relative to the package", () => {
  const root = process.cwd();
  const stack = guestStack(
    stackOf(
      `Capture.entering (${root}/src/explain/capture.ts:1:2)`,
      `Machine.load (file://${root}/machine/machine.ts:30:7)`,
      `acquire (${root}/kernel/spinlock.ts:31:14)`,
      `shmOpen (${root}/kernel/shm.ts:88:5)`,
      'shmOpen.next (<anonymous>)',
      `sysShmOpen.next (file://${root}/kernel/sysshm.ts:12:3)`,
      'node:internal/modules/run_main:104:12',
    ),
  );
  expect(stack.map(placeText)).toEqual([
    'kernel/spinlock.ts:31',
    'kernel/shm.ts:88',
    'kernel/sysshm.ts:12',
  ]);
  expect(stack.map((place) => place.function)).toEqual(['acquire', 'shmOpen', 'sysShmOpen']);
  expect(shownPlace(stack)?.file).toBe('kernel/shm.ts');
});

it('the built program names lines of the TypeScript source, and show needs no kernel for it', () => {
  const cwd = folder();
  const args = ['run', 'open-close', '--seed', '1', '--mutant', 'shm-close-unlocked-decrement'];
  const { code, lines } = xv6Json(cwd, args);
  expect(code).toBe(1);
  const finding = lines.find(({ kind }) => kind === 'finding') as { id: string; report: Report };
  const { report, id } = finding;
  const [file = '', line] = (report.steps.find(({ failing }) => failing)?.at ?? '').split(':');
  expect(readFileSync(file, 'utf8').split('\n')[Number(line) - 1]).toContain('m.load(o.refs)');
  const shown = xv6Json(cwd, ['show', id]).lines.find(({ kind }) => kind === 'finding');
  expect(shown).toMatchObject({ report, detail: report.detail });
});

it('run, replay and show print the same report', () => {
  const cwd = folder();
  const args = ['run', 'open-close', '--seed', '1', '--mutant', 'shm-close-unlocked-decrement'];
  const reportIn = (text: string): string => /^ FAIL [\s\S]*? {7}It let.*$/m.exec(text)?.[0] ?? '';
  const report = reportIn(xv6(cwd, args).out);
  const id = /XR-\w+/.exec(report)?.[0] ?? '';
  expect(report).not.toContain('\x1b');
  expect(reportIn(xv6(cwd, ['replay', id]).out)).toBe(report);
  expect(reportIn(xv6(cwd, ['show', id]).out)).toBe(report);
  expect(xv6(cwd, ['show', id, '-v']).out).toMatch(/^ +at \w+ kernel\/shm\.ts:\d+$/m);
});
