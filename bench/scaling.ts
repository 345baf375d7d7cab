/**
 * How the throughput of shared memory grows with processes, one CPU each, in simulated time (see
 * lib/lockstep.ts), and what CPUs wait for. Prints CSV; with a folder as argument writes scaling.csv
 * and scaling.svg there.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kernel } from '../kernel/kernel.ts';
import { PARAM } from '../kernel/param.ts';
import { init } from '../user/programs/init.ts';
import {
  type Context,
  O_RDWR,
  type Part,
  type Program,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
} from '../user/ulib.ts';
import { Lockstep } from './lib/lockstep.ts';
import { type Point, scalingPicture } from './lib/scaling-picture.ts';

const PROCESSES = [1, 2, 4, 8, 16];
const CALLS = 4;

interface Workload {
  readonly name: string;
  /** Lives of an object in each process, and accesses to it in each life. */
  readonly rounds: number;
  readonly accesses: number;
  /** Whether all processes use one object, or each has its own. */
  readonly shared: boolean;
}

const WORKLOADS: readonly Workload[] = [
  { name: 'open, trunc, / map, close', rounds: 400, accesses: 0, shared: false },
  { name: 'open … close, / 400 loads, stores between', rounds: 150, accesses: 400, shared: false },
  { name: 'loads and stores / in a mapped object', rounds: 1, accesses: 100_000, shared: true },
];

function worker({ rounds, accesses, shared }: Workload): Program {
  return function* work(u: Context, argv: readonly string[]): Part<number> {
    const index = Number(argv[1]);
    for (let round = 0; round < rounds; round++) {
      const od = yield* shm_open(u, shared ? 'all' : `mine${index}`);
      shm_trunc(u, od, 4096) ?? (yield);
      const va = yield* shm_map(u, od, O_RDWR);
      if (va < 0) return 1;
      const word = va + 64 * index;
      for (let access = 0; access < accesses; access += 2) {
        u.store(word, access) ?? (yield);
        u.load(word) ?? (yield);
      }
      shm_close(u, od) ?? (yield);
    }
    return 0;
  };
}

/** One execution with that many processes, on as many CPUs. */
function measure(workload: Workload, processes: number): Point {
  const programs = new Map<string, Program>([
    ['init', init],
    ['work', worker(workload)],
  ]);
  const initial = Array.from({ length: processes }, (_, i) => ({
    name: 'work',
    argv: ['work', String(i)],
  }));
  const sizes = { nproc: processes + 1, nshm: 16, nshmpg: 4, noshm: 4, frames: 400 };
  const limits = { ncpu: processes, tickInterval: 0, stepsMax: 1e9 };
  const k = new Kernel({ ...PARAM, ...sizes, ...limits }, programs, initial);
  const lockstep = new Lockstep(k);
  const ending = k.run(lockstep);
  if (ending !== 'halted') throw new Error(`${workload.name}: it ended as ${ending}`);
  lockstep.finish();

  const { makespan } = lockstep;
  const word = { shm: k.shm.lock.word, kmem: k.kmem.lock.word };
  let all = 0;
  for (const waited of lockstep.waited.values()) all += waited;
  const shm = lockstep.waited.get(word.shm) ?? 0;
  const kmem = lockstep.waited.get(word.kmem) ?? 0;
  const total = makespan * processes;
  const operations = processes * workload.rounds * (CALLS + workload.accesses);
  return {
    workload: workload.name,
    processes,
    operations,
    makespan,
    perThousand: (1000 * operations) / makespan,
    waits: {
      shm: shm / total,
      kmem: kmem / total,
      other: (all - shm - kmem) / total,
      idle: lockstep.idle / total,
    },
    held: {
      shm: (lockstep.held.get(word.shm) ?? 0) / makespan,
      kmem: (lockstep.held.get(word.kmem) ?? 0) / makespan,
    },
  };
}

const points = WORKLOADS.flatMap((w) => PROCESSES.map((processes) => measure(w, processes)));
const head =
  'workload,processes,operations,time,operations_per_1000,speedup,waits_shm_lock,waits_kmem_lock,' +
  'waits_other_locks,idle,shm_lock_held,kmem_lock_held';
const rows = points.map((point) => {
  const { workload, processes, operations, makespan, perThousand, waits, held } = point;
  const one = points.find((p) => p.workload === workload && p.processes === 1) ?? point;
  const shares = [...Object.values(waits), ...Object.values(held)].map((s) => s.toFixed(4));
  const speedup = (perThousand / one.perThousand).toFixed(2);
  return [
    `"${workload.replace(/ \/ /, ' ')}"`,
    processes,
    operations,
    makespan,
    perThousand.toFixed(2),
    speedup,
  ]
    .concat(shares)
    .join(',');
});
const csv = `${[head, ...rows].join('\n')}\n`;
console.log(csv);
const folder = process.argv[2];
if (folder !== undefined) {
  writeFileSync(join(folder, 'scaling.csv'), csv);
  writeFileSync(join(folder, 'scaling.svg'), scalingPicture(points));
}
