import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CLI, folder, xv6, xv6Json } from '../../property-tests/built.ts';
import { makeStrategy } from '../../scheduler/strategies.ts';
import { TraceFormatError } from '../../traces/errors.ts';
import { TraceMemory } from '../../traces/memory.ts';
import { readTrace, type Trace } from '../../traces/reader.ts';
import { UsageError } from '../errors.ts';
import { guestSpec } from '../subject/kernel-spec.ts';
import { replay } from '../verbs/replay.ts';
import { run } from '../verbs/run.ts';

/** A short recording in many frames: choices, events, checkpoints, end. */
function recorded(): Uint8Array {
  const memory = new TraceMemory();
  const strategy = makeStrategy('random');
  if (strategy === undefined) throw new Error('random is a strategy');
  run(guestSpec('churn', ['x', '20'], {}), { seed: 5, strategy, sink: memory.sink });
  return memory.bytes();
}

/** Reads and replays; undefined for what is refused. Any other error, a divergence too, escapes. */
function attempt(bytes: Uint8Array): Trace | undefined {
  let trace: Trace | undefined;
  try {
    trace = readTrace(bytes);
    const { steps, complete } = replay(trace);
    const { completeUntil } = trace.choices;
    // The last switch that is known is made: its lane takes one step, which may be the last of all.
    const whole = complete && completeUntil === Number.POSITIVE_INFINITY;
    if (!whole) expect([completeUntil, completeUntil + 1]).toContain(steps);
  } catch (error) {
    if (!(error instanceof TraceFormatError) && !(error instanceof UsageError)) throw error;
  }
  return trace;
}

describe('in one process', () => {
  const whole = recorded();

  it('a trace cut at any byte replays as far as its choices go, and says that its end is missing', () => {
    for (let cut = 0; cut < whole.length; cut += 7) {
      const trace = attempt(whole.subarray(0, cut));
      if (trace !== undefined) expect(trace.missing.map(({ what }) => what)).toContain('end');
    }
  });

  it('a trace with any bit flipped replays as far as it is known, and the damage is reported', () => {
    for (let at = 0; at < whole.length; at += 11) {
      const bytes = Uint8Array.from(whole);
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const trace = attempt(bytes);
      if (trace !== undefined) expect(trace.damage.length).toBeGreaterThan(0);
    }
  });
});

/** Places spread over a file, its first and last bytes among them. */
function places(length: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor((i * (length - 1)) / (count - 1)));
}

const SAID = /^(xv6-replay: [^\n]+\n)+$/;

it('show and replay of a cut trace give all that can be read and say what is missing', () => {
  const cwd = folder();
  xv6(cwd, ['run', '--seed', '1', '--record', 'a.xrt']);
  const file = readFileSync(join(cwd, 'a.xrt'));
  for (const cut of places(file.length, 12).slice(1)) {
    writeFileSync(join(cwd, 'b.xrt'), file.subarray(0, cut));
    for (const verb of ['show', 'replay']) {
      const { code, err } = xv6(cwd, [verb, 'b.xrt']);
      expect([cut, verb, code]).toEqual([cut, verb, 2]);
      expect(err).toMatch(SAID);
      expect(err).toMatch(/the end is missing|damaged so that nothing|not a trace/);
    }
  }
});

it('show and replay of a trace with a flipped bit say which bytes are lost', () => {
  const cwd = folder();
  xv6(cwd, ['run', '--seed', '1', '--record', 'a.xrt']);
  const file = readFileSync(join(cwd, 'a.xrt'));
  for (const at of places(file.length, 12)) {
    const bytes = Buffer.from(file);
    bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
    writeFileSync(join(cwd, 'b.xrt'), bytes);
    for (const verb of ['show', 'replay']) {
      const { code, err } = xv6(cwd, [verb, 'b.xrt']);
      expect([at, verb, code]).toEqual([at, verb, 2]);
      expect(err).toMatch(SAID);
      expect(err).toMatch(/byte [\d,]+: [\d,]+ bytes? cannot be read|its header is lost/);
    }
  }
});

it('a trace that lost only its end is shown to the last event', () => {
  const cwd = folder();
  xv6(cwd, ['run', '--seed', '1', '--record', 'a.xrt']);
  const file = readFileSync(join(cwd, 'a.xrt'));
  writeFileSync(join(cwd, 'b.xrt'), file.subarray(0, file.length - 1));
  const whole = xv6(cwd, ['show', 'a.xrt']).out.split('\n');
  const cut = xv6(cwd, ['show', 'b.xrt']).out.split('\n');
  const end = whole.findIndex((line) => line.startsWith('end: '));
  expect(cut.slice(0, end)).toEqual(whole.slice(0, end));
  const { code, lines } = xv6Json(cwd, ['replay', 'b.xrt']);
  expect(code).toBe(2);
  expect(lines.map(({ kind }) => kind)).toEqual(['output', 'replay', 'damage', 'missing']);
  expect(lines[1]).toMatchObject({ complete: false, ending: 'stopped', exitCode: 2 });
});

it('a recorder that is killed leaves a prefix that replays', async () => {
  const cwd = folder();
  const args = [CLI, 'run', 'churn', '--seed', '1', '--steps-max', '1000000000'];
  const program = ['--record', 'a.xrt', '--', 'x', '100000000'];
  const recorder = spawn(process.execPath, [...args, ...program], { cwd, stdio: 'ignore' });
  const path = join(cwd, 'a.xrt');
  const size = (): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  while (size() < 100_000 && recorder.exitCode === null) await pause(5);
  recorder.kill('SIGKILL');
  await once(recorder, 'close');
  expect(recorder.signalCode).toBe('SIGKILL');
  expect(size()).toBeGreaterThanOrEqual(100_000);
  const { code, out, err } = xv6(cwd, ['replay', 'a.xrt']);
  expect(code).toBe(2);
  expect(out).toMatch(
    /^replayed [\d,]{6,} steps, [\d,]+ switches, .*: identical as far as it goes\n$/,
  );
  expect(err).toContain('the end is missing');
});
