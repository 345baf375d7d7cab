import { ReplayDivergence } from '../scheduler/divergence.ts';
import { affordable } from '../src/affordable.ts';
import { UsageError } from '../src/errors.ts';
import { isWhole } from '../src/report/damage-text.ts';
import { EventText } from '../src/report/event-text.ts';
import { findingText } from '../src/report/finding-text.ts';
import { headerText } from '../src/report/header-text.ts';
import { makeInk } from '../src/report/ink.ts';
import { program } from '../src/subject/bare-subject.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import type { Runnable } from '../src/subject/subject.ts';
import { loadSubject } from '../src/subject/subject-file.ts';
import { harmless } from '../src/text.ts';
import { replay } from '../src/verbs/replay.ts';
import { run } from '../src/verbs/run.ts';
import { diffTraces } from '../traces/diff.ts';
import { TraceFormatError } from '../traces/errors.ts';
import { packFrame } from '../traces/frames.ts';
import { readTrace, type Trace } from '../traces/reader.ts';
import { bodiesOf, forged } from './forging.ts';
import { recorded, replayed } from './kernel-file-runs.ts';

/*
 * Damage to traces, by a generator of its own so that a place can be damaged again: cuts, flips, splices
 * of two traces, swaps of frames, hostile lengths and numbers behind right checksums.
 */

/** A small generator of 32-bit numbers (Marsaglia, Xorshift RNGs, 2003). */
export function numbers(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

type Draw = (below: number) => number;

const HOSTILE = [
  0,
  1,
  -1,
  2 ** 16,
  2 ** 24,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53 - 1,
  1.5,
  '\x1b[2J\u202e',
  '',
  null,
];

function cut(file: Uint8Array, draw: Draw): Uint8Array {
  return file.subarray(0, draw(file.length));
}

function flip(file: Uint8Array, draw: Draw): Uint8Array {
  const bytes = Uint8Array.from(file);
  for (let i = 0; i <= draw(3); i++) {
    const at = draw(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << draw(8));
  }
  return bytes;
}

function lengths(file: Uint8Array, draw: Draw): Uint8Array {
  const bytes = Uint8Array.from(file);
  const at = draw(Math.max(1, bytes.length - 5));
  bytes.set([[0xdd, 0xdf, 0xc6, 0xdb][draw(4)] as number, 0xff >> draw(8), 0xff, 0xff, 0xff], at);
  return bytes;
}

/** Frames of one trace among those of another, each whole. */
function splice(file: Uint8Array, draw: Draw, other: Uint8Array): Uint8Array {
  const [a, b] = [bodiesOf(file), bodiesOf(other)];
  const at = 1 + draw(a.length);
  const from = draw(b.length);
  const parts = [a.slice(0, at), b.slice(from, from + 1 + draw(3)), a.slice(at)];
  return Buffer.concat(parts.flat().map(packFrame));
}

function swap(file: Uint8Array, draw: Draw): Uint8Array {
  const frames = bodiesOf(file).map(packFrame);
  const [i, j] = [draw(frames.length), draw(frames.length)];
  const [first, second] = [frames[i] as Uint8Array, frames[j] as Uint8Array];
  return Buffer.concat(frames.with(i, second).with(j, first));
}

/** One field of one frame is something else, and everything is signed anew. */
function forge(file: Uint8Array, draw: Draw): Uint8Array {
  const bodies = bodiesOf(file);
  const index = draw(bodies.length);
  const body: Record<string, unknown> = { ...bodies[index] };
  const keys = Object.keys(body).filter((key) => key !== 'kind' && key !== 'magic');
  body[keys[draw(keys.length)] as string] = HOSTILE[draw(HOSTILE.length)];
  return forged(bodies.with(index, body));
}

const WAYS = [cut, flip, lengths, splice, swap, forge] as const;

/** A kind of trace: the file, and what is replayed where its header does not say it. */
export interface Sample {
  readonly name: string;
  readonly file: Uint8Array;
  readonly subject?: Runnable;
  /** How it is replayed, for a kernel in a file. */
  readonly again?: (trace: Trace) => unknown;
}

/** Six kinds of traces. */
export async function samples(): Promise<Sample[]> {
  const bare = program('counter', ({ cell, thread, check }) => {
    const x = cell('x');
    for (const name of ['a', 'b']) {
      thread(name, function* () {
        const v = x.load() ?? (yield);
        x.store(v + 1) ?? (yield);
      });
    }
    check(() => x.value === 2);
  });
  const own = await loadSubject('examples/x5-race.ts');
  const kernel = guestSpec('shmtest', ['a', '8192', '3'], {});
  const broken = guestSpec('open-close', [], {}, ['shm-close-unlocked-decrement']);
  const long = guestSpec('churn', ['x', '20'], {});
  const traceOf = (what: Runnable): Uint8Array => run(what, { seed: 1, record: true }).trace;
  return [
    { name: 'kernel run', file: traceOf(kernel) },
    { name: 'scenario with a finding', file: traceOf(broken) },
    { name: 'bare program', file: traceOf(bare), subject: bare },
    { name: 'long run', file: traceOf(long) },
    { name: "a user's file", file: traceOf(own), subject: own },
    { name: 'kernel in a file', file: recorded(2, 1, 'never'), again: replayed },
  ];
}

/** What became of damaged traces: how many of each. */
export interface Seen {
  /** Nothing could be read. */
  refused: number;
  /** Read, and the damage was reported. */
  damaged: number;
  /** Read as whole: the damage made another trace, whose checksums are right. */
  whole: number;
  /** Of those read: replayed, as far as they go. */
  replayed: number;
  /** Of those read: not replayed, with a line that says why. */
  unreplayed: number;
  diverged: number;
}

export const nothingSeen = (): Seen => {
  return { refused: 0, damaged: 0, whole: 0, replayed: 0, unreplayed: 0, diverged: 0 };
};

/**
 * Damages a trace by the number `seed`, and does with it what show, diff and replay do.
 *
 * @throws whatever is neither a TraceFormatError, a UsageError nor a ReplayDivergence, or an Error if a
 *   text for people would steer a terminal.
 */
export function damageOnce(all: readonly Sample[], seed: number, seen: Seen): void {
  const draw = numbers(seed);
  const sample = all[seed % all.length] as Sample;
  const other = all[draw(all.length)] as Sample;
  const way = WAYS[draw(WAYS.length)] as (typeof WAYS)[number];
  let trace: Trace;
  try {
    trace = readTrace(way(sample.file, draw, other.file));
  } catch (error) {
    if (!(error instanceof TraceFormatError)) throw error;
    seen.refused++;
    return;
  }
  if (isWhole(trace)) seen.whole++;
  else seen.damaged++;
  checkShown(trace);
  diffTraces(trace, readTrace(sample.file));
  attempt(trace, sample, seen);
}

function attempt(trace: Trace, { subject, again }: Sample, seen: Seen): void {
  try {
    if (again !== undefined && trace.header?.guest === 'elf') again(trace);
    else replay(trace, { subject, stepsMost: affordable(trace) });
    seen.replayed++;
  } catch (error) {
    if (error instanceof ReplayDivergence) seen.diverged++;
    else if (error instanceof UsageError) seen.unreplayed++;
    else throw error;
  }
}

function checkShown(trace: Trace): void {
  const ink = makeInk(false);
  const text = new EventText();
  const lines = [headerText(trace)];
  for (const event of trace.events) lines.push(text.line(event));
  for (const { kind: detector, ...finding } of trace.findings) {
    lines.push(findingText({ detector, ...finding }, trace.header, { ink }));
  }
  const all = lines.join('\n');
  if (harmless(all) !== all) throw new Error('a text that would steer a terminal');
}
