/** System calls: argument fetching and dispatch (xv6 syscall.c, sysproc.c, sysfile.c). */
import { type Code, HALT, SFENCE } from '../machine/index.ts';
import * as abi from './abi.ts';
import { argint } from './argument.ts';
import { printf } from './console.ts';
import { exec } from './exec.ts';
import { sysFutexWait, sysFutexWake } from './futex.ts';
import { hex } from './hex.ts';
import type { Kernel } from './kernel.ts';
import { killed } from './killed.ts';
import { exit, fork, kill, wait } from './lifecycle.ts';
import { pageRoundUp, SHMBASE, TF_A0, TF_A7 } from './memlayout.ts';
import { TEXT_PERM, uvmalloc, uvmzap } from './pagetable.ts';
import { sysGetuid, sysSetuid } from './permission.ts';
import { sysFtruncate, sysPosixShmOpen, sysShmUnlink } from './posixcalls.ts';
import type { Proc } from './proc.ts';
import { sleep } from './sched.ts';
import { acquire, release } from './spinlock.ts';
import {
  sysClose,
  sysDup,
  sysFstat,
  sysOpen,
  sysPipe,
  sysRead,
  sysUnlink,
  sysWrite,
} from './sysfile.ts';
import { sysMmap, sysMunmap } from './sysmmap.ts';
import { sysShmClose, sysShmMap, sysShmOpen, sysShmTrunc } from './sysshm.ts';
import { sysShmat, sysShmctl, sysShmdt, sysShmget } from './sysvcalls.ts';
import { findVma } from './vma.ts';

interface SystemCall {
  readonly name: string;
  /** How a trace prints each argument. */
  readonly args: readonly ('int' | 'str' | 'ptr')[];
  readonly run: (k: Kernel, p: Proc) => Code<number>;
  /** What it stored through a pointer, for a trace. */
  readonly out?: (k: Kernel, p: Proc, result: number) => string | undefined;
}

/** sbrk(n, how): grows or shrinks the heap; answers where it ended before. */
function* sysSbrk(k: Kernel, p: Proc): Code<number> {
  const { words } = k.m;
  const n = argint(k, p, 0);
  const lazy = argint(k, p, 1) === abi.SBRK_LAZY;
  const sz = words[p.sz] as number;
  const target = sz + n;
  const pagetable = words[p.pagetable] as number;
  // The heap may not grow into the shared-memory window or a mapping, nor shrink below nothing.
  if (target < 0 || target > SHMBASE) return -1;
  const from = pageRoundUp(sz) / 4096;
  const to = pageRoundUp(target) / 4096;
  const meets = to > from && findVma(k, p, from, to - from) !== undefined;
  if (meets && !k.mutant['sbrk-ignores-areas']) return -1;
  if (to > from && !lazy && (yield* uvmalloc(k, pagetable, from, to, TEXT_PERM)) < 0) return -1;
  if (to < from) {
    yield* uvmzap(k, pagetable, to, from - to);
    if (!k.mutant['sbrk-no-sfence']) k.m.do(SFENCE, p.asid) ?? (yield);
  }
  words[p.sz] = target;
  return sz;
}

function* sysSleep(k: Kernel, p: Proc): Code<number> {
  const { m, clock } = k;
  const n = Math.max(argint(k, p, 0), 0);
  acquire(k, clock.lock) ?? (yield);
  const since = m.load(clock.ticks) ?? (yield);
  m.timeWaiters++;
  let result = 0;
  for (;;) {
    const now = m.load(clock.ticks) ?? (yield);
    // As unsigned numbers of 32 bits, like xv6: right over the moment when ticks begins again.
    if ((now - since) >>> 0 >= n) break;
    if (yield* killed(k, p)) {
      result = -1;
      break;
    }
    yield* sleep(k, clock.ticks, clock.lock, true);
  }
  m.timeWaiters--;
  release(k, clock.lock) ?? (yield);
  return result;
}

function* sysUptime(k: Kernel): Code<number> {
  acquire(k, k.clock.lock) ?? (yield);
  const ticks = k.m.load(k.clock.ticks) ?? (yield);
  release(k, k.clock.lock) ?? (yield);
  return ticks;
}

function* sysHalt(k: Kernel, p: Proc): Code<number> {
  if (p.index !== 0) return -1;
  k.m.do(HALT, 0) ?? (yield);
  return 0;
}

function* sysGetpid(k: Kernel, _p: Proc): Code<number> {
  return k.currentPid();
}

const CALLS: readonly (SystemCall | undefined)[] = (() => {
  const table: (SystemCall | undefined)[] = [];
  const call = (
    number: number,
    name: string,
    args: SystemCall['args'],
    run: SystemCall['run'],
    out?: SystemCall['out'],
  ): void => {
    table[number] = out === undefined ? { name, args, run } : { name, args, run, out };
  };
  call(abi.SYS_fork, 'fork', [], fork);
  call(abi.SYS_exit, 'exit', ['int'], (k, p) => exit(k, p, argint(k, p, 0)));
  call(abi.SYS_wait, 'wait', ['ptr'], (k, p) => wait(k, p, argint(k, p, 0)), wordsAt(1));
  call(abi.SYS_kill, 'kill', ['int'], (k, p) => kill(k, argint(k, p, 0)));
  call(abi.SYS_exec, 'exec', ['str', 'ptr'], (k, p) =>
    exec(k, p, argint(k, p, 0), argint(k, p, 1)),
  );
  call(abi.SYS_getpid, 'getpid', [], sysGetpid);
  call(abi.SYS_sbrk, 'sbrk', ['int', 'int'], sysSbrk, hexResult);
  call(abi.SYS_mmap, 'mmap', ['ptr', 'int', 'int', 'int', 'int', 'int'], sysMmap, hexResult);
  call(abi.SYS_munmap, 'munmap', ['ptr', 'int'], sysMunmap);
  call(abi.SYS_sleep, 'sleep', ['int'], sysSleep);
  call(abi.SYS_uptime, 'uptime', [], sysUptime);
  call(abi.SYS_write, 'write', ['int', 'ptr', 'int'], sysWrite);
  call(abi.SYS_pipe, 'pipe', ['ptr'], sysPipe, wordsAt(2));
  call(abi.SYS_read, 'read', ['int', 'ptr', 'int'], sysRead);
  call(abi.SYS_fstat, 'fstat', ['int', 'ptr'], sysFstat);
  call(abi.SYS_dup, 'dup', ['int'], sysDup);
  call(abi.SYS_open, 'open', ['str', 'int'], sysOpen);
  call(abi.SYS_unlink, 'unlink', ['str'], sysUnlink);
  call(abi.SYS_close, 'close', ['int'], sysClose);
  call(abi.SYS_shm_open, 'shm_open', ['str'], sysShmOpen);
  call(abi.SYS_shm_trunc, 'shm_trunc', ['int', 'int'], sysShmTrunc);
  call(abi.SYS_shm_map, 'shm_map', ['int', 'ptr', 'int'], sysShmMap, mappedAt);
  call(abi.SYS_shm_close, 'shm_close', ['int'], sysShmClose);
  call(abi.SYS_futex_wait, 'futex_wait', ['ptr', 'int'], sysFutexWait);
  call(abi.SYS_futex_wake, 'futex_wake', ['ptr', 'int'], sysFutexWake);
  call(abi.SYS_posix_shm_open, 'posix_shm_open', ['str', 'int', 'int'], sysPosixShmOpen);
  call(abi.SYS_ftruncate, 'ftruncate', ['int', 'int'], sysFtruncate);
  call(abi.SYS_shm_unlink, 'shm_unlink', ['str'], sysShmUnlink);
  call(abi.SYS_shmget, 'shmget', ['int', 'int', 'int'], sysShmget);
  call(abi.SYS_shmat, 'shmat', ['int', 'ptr', 'int'], sysShmat, hexResult);
  call(abi.SYS_shmdt, 'shmdt', ['ptr'], sysShmdt);
  call(abi.SYS_shmctl, 'shmctl', ['int', 'int', 'ptr'], sysShmctl);
  call(abi.SYS_getuid, 'getuid', [], sysGetuid);
  call(abi.SYS_setuid, 'setuid', ['int'], sysSetuid);
  call(abi.SYS_halt, 'halt', [], sysHalt);
  return table;
})();

/** The address that mmap, shmat or sbrk answered. */
function hexResult(_k: Kernel, _p: Proc, result: number): string | undefined {
  return result < 0 ? undefined : hex(result);
}

/** The words that a call stored where its first argument points, if that is somewhere. */
function wordsAt(count: number): NonNullable<SystemCall['out']> {
  return (k, p, result) => {
    const va = argint(k, p, 0);
    if (result < 0 || va === 0) return undefined;
    return Array.from({ length: count }, (_, i) => k.peekWord(p, va + 4 * i)).join(', ');
  };
}

/** Where shm_map put the object. */
function mappedAt(k: Kernel, p: Proc, result: number): string | undefined {
  if (result !== 0) return undefined;
  const vpn = k.m.words[p.shm.vpn(argint(k, p, 0))] as number;
  return hex(vpn * 4096);
}

/** By number of arguments, an array that every call of so many fills anew. */
const described = Array.from({ length: 7 }, (_, n): (number | string)[] => Array(n).fill(0));

/**
 * The arguments as a trace shows them: strings are read without an operation. Who is given them uses
 * them before it returns.
 */
function describeArgs(k: Kernel, p: Proc, { args }: SystemCall): readonly (number | string)[] {
  const texts = described[args.length] as (number | string)[];
  for (let n = 0; n < args.length; n++) {
    const value = argint(k, p, n);
    const kind = args[n];
    if (kind === 'int') texts[n] = value;
    else if (kind === 'ptr') texts[n] = hex(value);
    else texts[n] = k.peekString(p, value) ?? hex(value);
  }
  return texts;
}

/** Runs the system call that the registers ask for and puts its result into a0. */
export function* syscall(k: Kernel, p: Proc): Code<void> {
  const { m } = k;
  const registers = m.memory.frame(m.words[p.trapframe] as number);
  const number = m.words[registers + TF_A7] as number;
  const call = CALLS[number];
  let result = -1;
  if (call === undefined) {
    yield* printf(k, `${k.currentPid()} ${p.image?.name}: unknown sys call ${number}\n`);
  } else {
    k.watch?.entered(k.currentPid(), call.name);
    k.events?.enter(m.step, m.cpu.id, k.currentPid(), call.name, describeArgs(k, p, call));
    result = yield* call.run(k, p);
    k.watch?.exited(k.currentPid(), call.name, result);
    k.events?.exit(m.step, m.cpu.id, k.currentPid(), call.name, result, call.out?.(k, p, result));
  }
  // exec has put another trapframe's contents there; the frame itself stays.
  m.words[registers + TF_A0] = result;
}
