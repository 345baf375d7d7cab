/**
 * How much a recording weighs and how fast it is made: bytes a switch for schedules as strategies make
 * them, system-call events a second with framing and checksums, and what reading back costs.
 */

import { TraceMemory } from '../traces/memory.ts';
import { readTrace } from '../traces/reader.ts';
import type { TraceHeader } from '../traces/trace.ts';
import { TraceWriter } from '../traces/writer.ts';
import { table } from './lib/table.ts';

const SWITCHES = 1_000_000;
const EVENTS = 2_000_000;
const REPEATS = 5;

const header: TraceHeader = {
  guest: 'kernel',
  program: 'bench',
  args: [],
  seed: 1,
  strategy: 'simulated',
  prng: 'tychei',
  cpus: 4,
  mutants: [],
  config: {},
  fingerprint: '0',
  detail: 1,
};

/** Xorshift32. */
let state = 2463534242;
function draw(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

/** 1 or more, geometric with this mean. */
function geometric(mean: number): number {
  const uniform = (draw(0x7fffffff) + 1) / 0x80000000;
  return mean <= 1 ? 1 : 1 + Math.floor(Math.log(uniform) / Math.log(1 - 1 / mean));
}

interface Schedule {
  readonly name: string;
  readonly lanes: number;
  readonly gap: () => number;
  /** The lane after this one. */
  readonly next: (lane: number) => number;
}

function another(lanes: number): (lane: number) => number {
  return (lane) => (lane + 1 + draw(lanes - 1)) % lanes;
}

function walk(lanes: number, mean: number): Schedule {
  const name = `random walk, ${lanes} lanes, gaps of mean ${mean}`;
  return { name, lanes, gap: () => geometric(mean), next: another(lanes) };
}

const schedules: readonly Schedule[] = [
  walk(2, 2),
  walk(4, 2),
  walk(8, 2),
  walk(16, 2),
  walk(4, 8),
  walk(8, 8),
  walk(16, 8),
  walk(4, 40),
  {
    name: 'round-robin, 4 lanes, quantum 5',
    lanes: 4,
    gap: () => 5,
    next: (lane) => (lane + 1) % 4,
  },
  {
    name: 'round-robin, 8 lanes, quanta 1 to 15',
    lanes: 8,
    gap: () => 1 + draw(15),
    next: (lane) => (lane + 1) % 8,
  },
  {
    name: 'few switches, 8 lanes, gaps of mean 1000',
    lanes: 8,
    gap: () => geometric(1000),
    next: another(8),
  },
];

/** The shortest of several runs, in seconds. */
function best(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least / 1000;
}

/** Bytes a switch if the byte were parted in the middle and nothing repeated: the plain nibble pair. */
function nibblePairBytes(steps: Float64Array, lanes: Uint8Array): number {
  let bytes = 0;
  for (let i = 0; i < steps.length; i++) {
    const gap = steps[i]! - (steps[i - 1] ?? 0);
    bytes += gap < 15 ? 1 : 1 + Math.ceil((Math.log2(gap) + 0.001) / 7);
    if (lanes[i]! > 14) bytes++;
  }
  return bytes;
}

function choices(): void {
  const rows = schedules.map((schedule) => {
    const steps = new Float64Array(SWITCHES);
    const lanes = new Uint8Array(SWITCHES);
    let step = 0;
    let lane = 0;
    for (let i = 0; i < SWITCHES; i++) {
      step += schedule.gap();
      lane = schedule.next(lane);
      steps[i] = step;
      lanes[i] = lane;
    }
    let size = 0;
    const seconds = best(() => {
      size = 0;
      const writer = new TraceWriter((bytes) => {
        size += bytes.length;
      }, header);
      for (let i = 0; i < SWITCHES; i++) writer.choice(steps[i]!, lanes[i]!);
      writer.flush();
    });
    const plain = nibblePairBytes(steps, lanes) / SWITCHES;
    return [
      schedule.name,
      (size / SWITCHES).toFixed(3),
      plain.toFixed(3),
      (SWITCHES / seconds / 1e6).toFixed(0),
    ];
  });
  table(['schedule', 'bytes/switch', 'nibble pair alone', 'M switches/s'], rows);
}

const CALLS = [
  ['shm_open', 'foo'],
  ['shm_trunc', 3, 8192],
  ['shm_map', 3, 0x3f40, 2],
  ['shm_close', 3],
] as const;
const argumentLists = CALLS.map(([, ...args]) => args);

/** Half of `EVENTS` system calls, each an entry and an exit, as a kernel on 4 CPUs reports them. */
function recordCalls(writer: TraceWriter): void {
  let step = 0;
  for (let i = 0; i < EVENTS; i += 2) {
    const which = (i >> 1) & 3;
    const call = CALLS[which]![0];
    const pid = 3 + (i & 14);
    writer.enter(step, i & 3, pid, call, argumentLists[which]!);
    step += 9 + (i & 31);
    writer.exit(step, i & 3, pid, call, which === 1 ? 8192 : 0);
    step += 5;
  }
  writer.flush();
}

function events(): void {
  let size = 0;
  const writing = best(() => {
    size = 0;
    recordCalls(
      new TraceWriter((bytes) => {
        size += bytes.length;
      }, header),
    );
  });
  const memory = new TraceMemory();
  recordCalls(new TraceWriter(memory.sink, header));
  const file = memory.bytes();
  let seen = 0;
  const reading = best(() => {
    seen = 0;
    for (const event of readTrace(file).events) if (event.step >= 0) seen++;
  });
  if (seen !== EVENTS) throw new Error(`${seen} of ${EVENTS} events came back`);
  table(
    ['system-call events', 'M events/s', 'bytes/event', 'against writing'],
    [
      ['writing', (EVENTS / writing / 1e6).toFixed(1), (size / EVENTS).toFixed(2), '1.00'],
      ['reading', (EVENTS / reading / 1e6).toFixed(1), '', (reading / writing).toFixed(2)],
    ],
  );
}

choices();
events();
