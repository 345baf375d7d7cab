import { makeStrategy } from '../scheduler/strategies.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { type GuestSpec, guestSpec, specOfHeader } from '../src/subject/kernel-spec.ts';
import { type RunOptions, run } from '../src/verbs/run.ts';
import { packFrame, scanFrames, unpackBody } from '../traces/frames.ts';
import { TraceMemory } from '../traces/memory.ts';
import type { TraceHeader } from '../traces/trace.ts';

interface Recorded extends RunOptions {
  readonly spec: GuestSpec;
}

function strategyNamed(name: string): Strategy {
  const strategy = makeStrategy(name);
  if (strategy === undefined) throw new Error(`there is no strategy ${name}`);
  return strategy;
}

/** Executions whose traces are kept, so that a change of any byte is noticed. Small on purpose. */
export const GOLDEN: Readonly<Record<string, () => Recorded>> = {
  shmtest: () => ({
    spec: guestSpec('shmtest', ['foo', '8192', '4'], {}),
    seed: 42,
    strategy: strategyNamed('round-robin'),
  }),
  'random-walk-of-locks': () => ({
    spec: guestSpec('churn', ['foo', '4'], { ncpu: 4 }),
    seed: -7,
    strategy: strategyNamed('random'),
    detail: 2,
  }),
  'one-cpu-preempted': () => ({
    spec: guestSpec('churn', ['foo', '20'], { ncpu: 1, tickInterval: 100 }),
    seed: 2 ** 53 - 1,
    strategy: strategyNamed('round-robin'),
  }),
  'schedule-only': () => ({
    spec: guestSpec('shmtest', ['foo', '4096', '2'], { ncpu: 64 }),
    seed: 0,
    strategy: strategyNamed('round-robin'),
    detail: 0,
  }),
  'out-of-memory': () => ({
    spec: guestSpec('shmtest', ['foo', '8192', '2'], { kallocFailsAt: 9 }),
    seed: 1,
    strategy: strategyNamed('round-robin'),
  }),
  endless: () => ({
    spec: guestSpec('shmtest', ['foo', '8192', '4'], { stepsMax: 500 }),
    seed: 42,
    strategy: strategyNamed('round-robin'),
  }),
  'unlocked-count': () => ({
    spec: guestSpec('open-close', [], {}, ['shm-close-unlocked-decrement']),
    seed: 1,
    strategy: strategyNamed('round-robin'),
  }),
};

/** The trace of an execution. */
export function record({ spec, ...options }: Recorded): Uint8Array {
  const memory = new TraceMemory();
  run(spec, { ...options, sink: memory.sink });
  return memory.bytes();
}

/**
 * A trace without its findings. Their explanations quote the kernel's source lines, which may move
 * when the execution does not.
 */
export function withoutFindings(file: Uint8Array): Buffer {
  const { frames } = scanFrames(file);
  const kept = frames.map(({ body }) => unpackBody(body)).filter(({ kind }) => kind !== 'finding');
  // What comes behind a finding says which frame it was.
  return Buffer.concat(kept.map(({ after: _, ...body }) => packFrame(body)));
}

/** The trace of what a header says, recorded anew: a header is all that an execution depends on. */
export function recordAgain(header: TraceHeader): Uint8Array {
  const { seed, strategy, detail } = header;
  return record({
    spec: specOfHeader(header),
    seed,
    strategy: strategyNamed(strategy),
    detail,
  });
}
