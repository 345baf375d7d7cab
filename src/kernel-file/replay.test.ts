import { expect, it } from 'vitest';
import { filesOf, LINES, recorded, replayed } from '../../property-tests/kernel-file-runs.ts';
import { ECHO } from '../../riscv/guests/echo.ts';
import { RESTLESS } from '../../riscv/guests/restless.ts';
import { readTrace, type Trace } from '../../traces/reader.ts';
import { checkFiles, settingsOf } from './header.ts';

it.each([1, 2, 3, 8])('a recorded run on %i CPUs replays with every digest equal', (cpus) => {
  for (const seed of [1, 2]) {
    const trace = readTrace(recorded(cpus, seed));
    const { complete, checkpoints, switches } = replayed(trace);
    expect(complete).toBe(true);
    expect(checkpoints).toBe(trace.checkpoints.length + 1);
    expect(switches).toBe(trace.end?.switches);
    expect(switches).toBeGreaterThanOrEqual(2 * LINES.length);
  }
});

it('digests are compared on the way, not only at the end', () => {
  const trace = readTrace(recorded(3, 5, 'never'));
  expect(trace.checkpoints.length).toBe(1);
  expect(replayed(trace).checkpoints).toBe(2);
  const [checkpoint] = trace.checkpoints;
  const forged = { ...trace, checkpoints: [{ step: checkpoint!.step, digest: '0' }] };
  expect(() => replayed(forged)).toThrow(`step ${checkpoint!.step}: the trace expects a machine`);
});

it('the same seed writes the same trace', () => {
  expect(recorded(3, 5)).toEqual(recorded(3, 5));
});

it('another order of the harts ends in another state', () => {
  const { end } = readTrace(recorded(3, 5, 'never'));
  expect(readTrace(recorded(3, 6, 'never')).end?.digest).not.toBe(end?.digest);
});

it.each<[string, (trace: Trace) => Trace]>([
  ['another digest at the end', (trace) => ({ ...trace, end: { ...trace.end!, digest: '0' } })],
  [
    'fewer lines to type than are typed',
    (trace) => ({ ...trace, header: { ...trace.header!, args: ['hi'] } }),
  ],
  [
    'other lines typed',
    (trace) => ({ ...trace, header: { ...trace.header!, args: ['hi', 'thou'] } }),
  ],
  [
    'a checkpoint that nobody comes to',
    (trace) => ({ ...trace, checkpoints: [{ step: 1e9, digest: '0' }] }),
  ],
  ['a lane too many', (trace) => ({ ...trace, header: { ...trace.header!, cpus: 1 } })],
])('a trace with %s diverges', (_, forge) => {
  expect(() => replayed(forge(readTrace(recorded(2, 1))))).toThrow('the trace expects');
});

it('a trace of another kernel diverges', () => {
  expect(() => replayed(readTrace(recorded(2, 1)), ECHO)).toThrow('the trace expects');
});

it('a trace that was cut replays as far as it goes', () => {
  const bytes = recorded(2, 1, 'never');
  const run = replayed(readTrace(bytes.subarray(0, bytes.length - 60)));
  expect(run.complete).toBe(false);
  expect(run.switches).toBeGreaterThan(1);
});

it('a kernel or a disk that is not of the trace is refused', () => {
  const header = readTrace(recorded(1, 1)).header!;
  const files = filesOf(RESTLESS);
  expect(checkFiles(header, files)).toBeUndefined();
  expect(() => checkFiles(header, filesOf(ECHO))).toThrow('kernel is not the kernel of the trace');
  const disk = { ...files, disk: new Uint8Array(1024) };
  expect(() => checkFiles(header, disk)).toThrow('fs.img is not the disk of the trace');
  expect(checkFiles({ ...header, fingerprint: 'x' }, files)).toContain('another version');
});

it.each([
  ['cpus', { cpus: 9 }],
  ['memory', { config: { memory: 65.5, legacyDisk: false } }],
  ['disk', { config: { memory: 64 } }],
])('a header that makes no board is refused: %s', (_, part) => {
  const header = readTrace(recorded(1, 1)).header!;
  expect(() => settingsOf({ ...header, ...part })).toThrow('the header is damaged');
});
