/**
 * Memory over a run of 10,000,000 steps that is watched by all detectors and recorded into a file:
 * a row every million steps, garbage collected first. It is flat but for one thing: the kernel keeps
 * what each program was answered, four bytes an answer, to make the child of a later fork from (see
 * kernel/usercode.ts). So one run makes mostly system calls, and one is the worst case: nothing but
 * loads and stores.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ChoicePoint, Thread } from '../machine/index.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { TraceFile } from '../src/trace-file.ts';
import { run } from '../src/verbs/run.ts';
import { table } from './lib/table.ts';

const STEPS = 10_000_000;
const SAMPLE_STEPS = 1_000_000;
const SEED = 42;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Round-robin that looks at memory on its way. */
class Sampling extends RoundRobin {
  private due = SAMPLE_STEPS;
  private readonly sample: (step: number) => void;

  constructor(sample: (step: number) => void) {
    super();
    this.sample = sample;
  }

  override choose(point: ChoicePoint): Thread {
    if (point.step >= this.due) {
      this.sample(this.due);
      this.due += SAMPLE_STEPS;
    }
    return super.choose(point);
  }
}

function measure(what: string, program: string, args: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'xv6-replay-memory-'));
  const file = new TraceFile(join(folder, 'long.xrt'));
  const rows: string[][] = [];
  const sample = (step: number): void => {
    collectGarbage();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    const sizes = [heapUsed, arrayBuffers, rss, statSync(file.path).size];
    rows.push([`${step / 1e6} M`, ...sizes.map((size) => (size / 2 ** 20).toFixed(1))]);
  };
  const spec = guestSpec(program, args, { frames: 256, stepsMax: STEPS + 1000 });
  const { finding, steps } = run(spec, {
    seed: SEED,
    strategy: new Sampling(sample),
    sink: file.sink,
  });
  file.close();
  rmSync(folder, { recursive: true });
  if (steps < STEPS || finding?.detector !== 'endless') {
    throw new Error(`${program} ended after ${steps} steps: ${finding?.title ?? 'halted'}`);
  }
  table([what, 'heap MiB', 'buffers MiB', 'RSS MiB', 'trace MiB'], rows);
}

measure('system calls', 'scaling', ['foo', '2', '1000000', '0']);
measure('loads, stores', 'scaling', ['foo', '2', '1000000', '2000']);
