/**
 * Shared memory beside a pipe: the same bytes from one process to another, a CPU each, in simulated
 * time (see lib/lockstep.ts), and how often the kernel copied them. Prints CSV; with a folder as
 * argument writes sharing.csv and sharing.svg there.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelEvents } from '../kernel/events.ts';
import { Kernel } from '../kernel/kernel.ts';
import { PARAM } from '../kernel/param.ts';
import { init } from '../user/programs/init.ts';
import { SEM_SIZE, sem_init, sem_post, sem_wait } from '../user/sync.ts';
import { IPC_CREAT, shm_rmid, shmat, shmget } from '../user/sysv.ts';
import {
  type Context,
  close,
  exit,
  fork,
  type Part,
  type Program,
  pipe,
  read,
  sbrk,
  wait,
  write,
} from '../user/ulib.ts';
import { Lockstep } from './lib/lockstep.ts';
import { type Transfer, transferPicture } from './lib/sharing-picture.ts';

/** Bytes that are handed over, in all and at a time. */
const TOTAL = 65_536;
const CHUNKS = [64, 256, 1024, 4096];

/** Fills memory with numbers, a word an instruction, as whoever has something to send does. */
function* fill(u: Context, va: number, bytes: number, first: number): Part<void> {
  for (let i = 0; i < bytes; i += 4) u.store(va + i, first + i) ?? (yield);
}

/** Reads what `fill` wrote. Answers whether it is that. */
function* check(u: Context, va: number, bytes: number, first: number): Part<boolean> {
  for (let i = 0; i < bytes; i += 4) {
    if ((u.load(va + i) ?? (yield)) !== first + i) return false;
  }
  return true;
}

function throughPipe(chunk: number): Program {
  return function* main(u) {
    const va = sbrk(u, chunk) ?? (yield);
    const ends = yield* pipe(u);
    if (ends === undefined) return 1;
    if ((fork(u) ?? (yield)) === 0) {
      for (let sent = 0; sent < TOTAL; sent += chunk) {
        yield* fill(u, va, chunk, sent);
        write(u, ends.writes, va, chunk) ?? (yield);
      }
      exit(u, 0) ?? (yield);
    }
    close(u, ends.writes) ?? (yield);
    for (let got = 0; got < TOTAL; got += chunk) {
      for (let part = 0; part < chunk; ) {
        part += read(u, ends.reads, va + part, chunk - part) ?? (yield);
      }
      if (!(yield* check(u, va, chunk, got))) return 1;
    }
    wait(u) ?? (yield);
    return 0;
  };
}

/** Two slots in a segment, which two semaphores count: free ones and full ones. */
function throughMemory(chunk: number): Program {
  const [free, full, slots] = [0, SEM_SIZE, 64];
  return function* main(u) {
    const id = shmget(u, 1, slots + 2 * chunk, IPC_CREAT | 0o600) ?? (yield);
    const va = shmat(u, id, 0, 0) ?? (yield);
    yield* sem_init(u, va + free, 2);
    yield* sem_init(u, va + full, 0);
    const slot = (done: number): number => va + slots + chunk * ((done / chunk) % 2);
    if ((fork(u) ?? (yield)) === 0) {
      for (let sent = 0; sent < TOTAL; sent += chunk) {
        yield* sem_wait(u, va + free);
        yield* fill(u, slot(sent), chunk, sent);
        yield* sem_post(u, va + full);
      }
      exit(u, 0) ?? (yield);
    }
    for (let got = 0; got < TOTAL; got += chunk) {
      yield* sem_wait(u, va + full);
      if (!(yield* check(u, slot(got), chunk, got))) return 1;
      yield* sem_post(u, va + free);
    }
    wait(u) ?? (yield);
    shm_rmid(u, id) ?? (yield);
    return 0;
  };
}

/** Counts what system calls moved, and that the program ended well. */
class Moved {
  calls = 0;
  bytes = 0;
  status = -1;

  readonly events: KernelEvents = {
    switched: () => undefined,
    enter: (_step, _cpu, pid, call, args) => {
      this.calls++;
      if (pid === 2 && call === 'exit') this.status = Number(args[0]);
    },
    exit: (_step, _cpu, _pid, call, result) => {
      if (call === 'read' || call === 'write') this.bytes += result;
    },
    fault: () => undefined,
    page: () => undefined,
    irq: () => undefined,
    print: () => undefined,
    lock: () => undefined,
    unlock: () => undefined,
    sleep: () => undefined,
    wakeup: () => undefined,
    life: () => undefined,
  };
}

function measure(way: string, program: Program, chunk: number, pipesize: number): Transfer {
  const programs = new Map<string, Program>([
    ['init', init],
    ['main', program],
  ]);
  const sizes = { nproc: 4, frames: 200, pipesize };
  const limits = { ncpu: 2, tickInterval: 0, stepsMax: 1e9 };
  const initial = [{ name: 'main', argv: ['main'] }];
  const k = new Kernel({ ...PARAM, ...sizes, ...limits }, programs, initial);
  const lockstep = new Lockstep(k);
  const moved = new Moved();
  k.events = moved.events;
  const ending = k.run(lockstep);
  if (ending !== 'halted' || moved.status !== 0) throw new Error(`${way}: it ended as ${ending}`);
  lockstep.finish();
  const time = lockstep.makespan;
  return {
    way,
    chunk,
    time,
    bytesPerThousand: (1000 * TOTAL) / time,
    copies: moved.bytes / TOTAL,
    callsPerKiB: moved.calls / (TOTAL / 1024),
  };
}

const transfers = CHUNKS.flatMap((chunk) => [
  measure('shared memory', throughMemory(chunk), chunk, 512),
  measure('pipe of 4096 bytes', throughPipe(chunk), chunk, 4096),
  measure("pipe of 512 bytes, xv6's", throughPipe(chunk), chunk, 512),
]);
const head = 'way,bytes_at_a_time,bytes,time,bytes_per_1000,copies_of_each_byte,calls_per_KiB';
const rows = transfers.map(({ way, chunk, time, bytesPerThousand, copies, callsPerKiB }) =>
  [
    `"${way}"`,
    chunk,
    TOTAL,
    time,
    bytesPerThousand.toFixed(0),
    copies.toFixed(2),
    callsPerKiB.toFixed(2),
  ].join(','),
);
const csv = `${[head, ...rows].join('\n')}\n`;
console.log(csv);
const folder = process.argv[2];
if (folder !== undefined) {
  writeFileSync(join(folder, 'sharing.csv'), csv);
  writeFileSync(join(folder, 'sharing.svg'), transferPicture(transfers));
}
