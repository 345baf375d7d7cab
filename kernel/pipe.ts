/**
 * Pipes (xv6 pipe.c).
 *
 * Departures from xv6: the lock and the counters lie in a table, and only the bytes in a frame from
 * the allocator, so that every lock has a name; bytes move a word an operation where they can; user
 * memory is copied outside the lock (see file.ts).
 */
import { type Address, type Code, type Layout, STORE_BYTE } from '../machine/index.ts';
import { kalloc, kfree } from './kalloc.ts';
import type { Kernel } from './kernel.ts';
import { killed } from './killed.ts';
import { panic } from './panic.ts';
import type { Proc } from './proc.ts';
import { sleep, wakeup } from './sched.ts';
import { acquire, letGo, release, Spinlock } from './spinlock.ts';
import { copyin, copyout } from './vm.ts';

export class Pipe {
  readonly index: number;
  readonly lock: Spinlock;

  // lock must be held when using these:
  /** Frame of the bytes; 0 for a free slot. */
  readonly data: Address;
  /** Bytes read so far. Who waits to read sleeps here. */
  readonly nread: Address;
  /** Bytes written so far. Who waits to write sleeps here. */
  readonly nwrite: Address;
  /** Whether the read end is open. */
  readonly readopen: Address;
  /** Whether the write end is open. */
  readonly writeopen: Address;

  constructor(layout: Layout, index: number) {
    const name = `pipe[${index}]`;
    this.index = index;
    this.lock = new Spinlock(layout, `${name}.lock`);
    this.data = layout.word(`${name}.data`, this.lock.word);
    this.nread = layout.word(`${name}.nread`, this.lock.word);
    this.nwrite = layout.word(`${name}.nwrite`, this.lock.word);
    this.readopen = layout.word(`${name}.readopen`, this.lock.word);
    this.writeopen = layout.word(`${name}.writeopen`, this.lock.word);
  }
}

/**
 * A pipe with both ends open, a part of xv6's pipealloc; see sysfile.ts. Undefined when slots or
 * memory have run out.
 */
export function* pipemake(k: Kernel): Code<Pipe | undefined> {
  const { m } = k;
  for (const pi of k.pipes) {
    acquire(k, pi.lock) ?? (yield);
    const used = m.load(pi.data) ?? (yield);
    if (used !== 0) {
      release(k, pi.lock) ?? (yield);
      continue;
    }
    const data = yield* kalloc(k);
    if (data !== 0) {
      m.store(pi.data, data) ?? (yield);
      m.store(pi.nread, 0) ?? (yield);
      m.store(pi.nwrite, 0) ?? (yield);
      m.store(pi.readopen, 1) ?? (yield);
      m.store(pi.writeopen, 1) ?? (yield);
    }
    release(k, pi.lock) ?? (yield);
    return data === 0 ? undefined : pi;
  }
  return undefined;
}

/** Closes an end and wakes who waits at the other. With both closed, the pipe is gone. */
export function* pipeclose(k: Kernel, pi: Pipe, writes: boolean): Code<void> {
  const { m } = k;
  acquire(k, pi.lock) ?? (yield);
  m.store(writes ? pi.writeopen : pi.readopen, 0) ?? (yield);
  const wakes = !k.mutant['pipeclose-forgets-wakeup'];
  if (wakes) yield* wakeup(k, writes ? pi.nread : pi.nwrite);
  const readopen = m.load(pi.readopen) ?? (yield);
  const writeopen = m.load(pi.writeopen) ?? (yield);
  let data = 0;
  if (readopen === 0 && writeopen === 0) {
    data = m.load(pi.data) ?? (yield);
    m.store(pi.data, 0) ?? (yield);
  }
  release(k, pi.lock) ?? (yield);
  if (data !== 0) yield* kfree(k, data);
}

/** Stores bytes into the ring at `position`, a word an operation where one fits. */
function* put(k: Kernel, data: number, position: number, bytes: Uint8Array): Code<void> {
  const { m } = k;
  const { pipesize } = k.param;
  const first = m.memory.frame(data) << 2;
  for (let i = 0; i < bytes.length; ) {
    const at = first + ((position + i) % pipesize);
    const fits = at % 4 === 0 && bytes.length - i >= 4 && (position + i) % pipesize <= pipesize - 4;
    if (fits) {
      const word = new DataView(bytes.buffer, bytes.byteOffset + i).getInt32(0, true);
      m.store(at >> 2, word) ?? (yield);
    } else {
      m.do(STORE_BYTE, at, bytes[i] as number) ?? (yield);
    }
    i += fits ? 4 : 1;
  }
}

/** Fills `bytes` from the ring at `position`, at most a word an operation. */
function* take(k: Kernel, data: number, position: number, bytes: Uint8Array): Code<void> {
  const { m } = k;
  const { pipesize } = k.param;
  const first = m.memory.frame(data) << 2;
  for (let i = 0; i < bytes.length; ) {
    const at = first + ((position + i) % pipesize);
    const word = m.load(at >> 2) ?? (yield);
    const end = Math.min(
      bytes.length,
      i + 4 - (at & 3),
      i + pipesize - ((position + i) % pipesize),
    );
    for (let byte = at & 3; i < end; i++) bytes[i] = word >> (8 * byte++);
  }
}

/**
 * Writes n bytes. Sleeps while the pipe is full.
 *
 * @returns n, or the bytes before a part of user memory that cannot be read, or -1 when nobody can
 *   read the pipe any more, when killed, or for a bad address.
 */
export function* pipewrite(k: Kernel, p: Proc, pi: Pipe, va: number, n: number): Code<number> {
  const { m } = k;
  const pagetable = m.words[p.pagetable] as number;
  for (let done = 0; done < n; ) {
    const bytes = new Uint8Array(Math.min(n - done, k.param.pipesize));
    if ((yield* copyin(k, pagetable, bytes, va + done)) < 0) return done === 0 ? -1 : done;
    if ((yield* writeAll(k, p, pi, bytes)) < 0) return -1;
    done += bytes.length;
  }
  return n;
}

function* writeAll(k: Kernel, p: Proc, pi: Pipe, bytes: Uint8Array): Code<number> {
  const { m } = k;
  acquire(k, pi.lock) ?? (yield);
  for (let i = 0; i < bytes.length; ) {
    const readopen = m.load(pi.readopen) ?? (yield);
    if (readopen === 0 || (yield* killed(k, p))) {
      if (!k.mutant['pipewrite-broken-keeps-lock']) release(k, pi.lock) ?? (yield);
      return -1;
    }
    const nread = m.load(pi.nread) ?? (yield);
    const nwrite = m.load(pi.nwrite) ?? (yield);
    const room = k.param.pipesize - (nwrite - nread);
    if (room === 0) {
      yield* wakeup(k, pi.nread);
      if (k.mutant['pipewrite-checks-apart']) yield* letGo(k, pi.lock);
      yield* sleep(k, pi.nwrite, pi.lock, true);
      continue;
    }
    const data = m.load(pi.data) ?? (yield);
    const count = Math.min(room, bytes.length - i);
    yield* put(k, data, nwrite, bytes.subarray(i, i + count));
    m.store(pi.nwrite, nwrite + count) ?? (yield);
    i += count;
  }
  yield* wakeup(k, pi.nread);
  release(k, pi.lock) ?? (yield);
  return 0;
}

/**
 * Reads up to n bytes into user memory that is writable. Sleeps while the pipe is empty.
 *
 * @returns the bytes, 0 when nobody can write to the empty pipe any more, or -1 when killed.
 */
export function* piperead(k: Kernel, p: Proc, pi: Pipe, va: number, n: number): Code<number> {
  const { m } = k;
  acquire(k, pi.lock) ?? (yield);
  let nread = m.load(pi.nread) ?? (yield);
  let nwrite = m.load(pi.nwrite) ?? (yield);
  while (nread === nwrite && (m.load(pi.writeopen) ?? (yield)) !== 0) {
    if (yield* killed(k, p)) {
      release(k, pi.lock) ?? (yield);
      return -1;
    }
    yield* sleep(k, pi.nread, pi.lock, true);
    nread = m.load(pi.nread) ?? (yield);
    nwrite = m.load(pi.nwrite) ?? (yield);
  }
  const bytes = new Uint8Array(Math.min(n, nwrite - nread));
  const data = m.load(pi.data) ?? (yield);
  if (data === 0) panic(k, 'piperead');
  yield* take(k, data, nread, bytes);
  m.store(pi.nread, nread + bytes.length) ?? (yield);
  yield* wakeup(k, pi.nwrite);
  release(k, pi.lock) ?? (yield);
  return (yield* copyout(k, m.words[p.pagetable] as number, va, bytes)) < 0 ? -1 : bytes.length;
}
