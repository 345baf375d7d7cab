import type { Driver } from './driver.ts';
import { broken, invariant } from './invariant.ts';
import { PGSIZE } from './memory.ts';
import { hardwareWalk, PTE_D, PTE_R, PTE_U, PTE_W, ppnOfPte } from './mmu.ts';
import { EVERY_CPU, TAKES } from './operands.ts';
import * as op from './operation.ts';
import { ProgramError, RunsAlready } from './program-error.ts';
import {
  CAUSE_ECALL,
  CAUSE_LOAD_FAULT,
  CAUSE_LOAD_MISALIGNED,
  CAUSE_STORE_FAULT,
  CAUSE_STORE_MISALIGNED,
} from './seam.ts';
import { releaseBuffered, storeBuffered } from './store-buffers.ts';
import { synchronise, useParts } from './synchronise.ts';
import { ANSWER, RETRY, type Thread } from './thread.ts';
import { isLoad, isOfByte, isUserAccess, OPERATION_NAMES } from './traits.ts';

/**
 * Performs one operation of the machine's current thread. The step has been granted.
 *
 * @returns the answer, or undefined when the code that asked does not go on now: a context switch,
 *   a trap, a wait that has only begun.
 */
export function perform(
  m: Driver,
  kind: number,
  a: number,
  b: number,
  c: number,
): number | undefined {
  const { observer } = m;
  if (observer === null) return act(m, kind, a, b, c);
  if (kind === op.SWTCH) {
    observer.switching(m.current, m.threads[a] as Thread);
    return act(m, kind, a, b, c);
  }
  const answer = act(m, kind, a, b, c);
  if (!isUserAccess(kind)) observer.performed(kind, a, b, c, answer ?? 0);
  return answer;
}

function act(m: Driver, kind: number, a: number, b: number, c: number): number | undefined {
  m.step++;
  if (m.buffers !== null) {
    if (kind === op.RELEASE) return releaseBuffered(m, m.buffers, a, b);
    const answer = isUserAccess(kind) ? undefined : storeBuffered(m, m.buffers, kind, a, b);
    if (answer !== undefined) return answer;
  }
  switch (kind) {
    case op.START:
    case op.FENCE:
      return 0;
    case op.WFI:
      // What woke the CPU may be its timer.
      if (m.cpu.interruptsOn) m.interruptsOn();
      return a === TAKES ? takeReady(m, b) : 0;
    case op.LOAD:
      return m.words[a] as number;
    case op.STORE:
    case op.ATOMIC_STORE:
    case op.FETCH_ADD:
    case op.FETCH_AND:
    case op.FETCH_OR:
    case op.FETCH_XOR:
    case op.EXCHANGE:
    case op.COMPARE_EXCHANGE:
      return modify(m, kind, a, b, c);
    case op.STORE_BYTE:
      m.memory.bytes[a] = b;
      return 0;
    case op.ACQUIRE:
      invariant(m.words[a] === 0, 'a lock is taken only while it is free');
      m.words[a] = m.cpu.id + 1;
      if (b !== 0 && m.words[b] !== c) m.cpu.looking = a;
      if (m.onAcquire !== null) m.onAcquire(a);
      return 0;
    case op.RELEASE:
      m.letGo(a);
      return 0;
    case op.SWTCH:
      return swtch(m, m.threads[a] as Thread, b);
    case op.INTR_ON:
      m.interruptsOn();
      return 0;
    case op.INTR_OFF:
      m.cpu.interruptsOn = false;
      return 0;
    case op.SFENCE:
      if (b === EVERY_CPU) for (const cpu of m.cpus) cpu.tlb.flush(a);
      else m.cpu.tlb.flush(a);
      return 0;
    case op.ECALL:
      m.trap(m.current, CAUSE_ECALL, 0, ANSWER);
      return undefined;
    case op.HALT:
      m.buffers?.flush(m.words);
      m.ending = 'halted';
      return undefined;
    default:
      if (kind >= op.MUTEX_TRY) return useParts(m, kind, a, b, c);
      return kind >= op.MUTEX_LOCK && kind <= op.COND_BROADCAST
        ? synchronise(m, kind, a, b)
        : userAccess(m, kind, a, b, c);
  }
}

/** Stores and read-modify-writes; answers the value before, 0 for a store. */
function modify(m: Driver, kind: number, a: number, b: number, c: number): number {
  const before = m.words[a] as number;
  switch (kind) {
    case op.STORE:
    case op.ATOMIC_STORE:
      m.words[a] = b;
      return 0;
    case op.FETCH_ADD:
      m.words[a] = before + b;
      return before;
    case op.FETCH_AND:
      m.words[a] = before & b;
      return before;
    case op.FETCH_OR:
      m.words[a] = before | b;
      return before;
    case op.FETCH_XOR:
      m.words[a] = before ^ b;
      return before;
    case op.EXCHANGE:
      m.words[a] = b;
      return before;
    case op.COMPARE_EXCHANGE:
      if (before === b) m.words[a] = c;
      return before;
    default:
      broken(`operation ${kind} does not modify memory`);
  }
}

/** Hands the CPU from the current thread to another, which goes on where it was switched out. */
function swtch(m: Driver, to: Thread, reason: number): undefined {
  const { cpu, current } = m;
  if (to.cpu !== null) throw new RunsAlready(`${to.name} is on CPU ${to.cpu.id} already`);
  if (to.kind !== op.NONE) {
    throw new RunsAlready(`${to.name} is switched to while parked at ${to.describe()}`);
  }
  current.cpu = null;
  to.cpu = cpu;
  cpu.thread = to;
  m.current = to;
  m.previous = to;
  if (m.onSwtch !== null) m.onSwtch(current, to, reason);
  return undefined;
}

/** A thread asks for another operation while one that did not answer is under way. */
export function missingYield(thread: Thread, kind: number): ProgramError {
  const call = `${OPERATION_NAMES[kind]}(...)`;
  return new ProgramError(`${thread.name} went on without yielding: write "${call} ?? (yield)"`);
}

/** An operation of a machine that does not run: code has hold of another program's parts. */
export function strayUse(kind: number): ProgramError {
  return new ProgramError(`${OPERATION_NAMES[kind]}() called outside a running thread`);
}

/** Takes the next thread that is ready, from number `from` on and round; -1 for none. */
function takeReady(m: Driver, from: number): number {
  const { length } = m.threads;
  for (let i = 0; i < length; i++) {
    const thread = m.threads[(from + i) % length] as Thread;
    if (!thread.isReady) continue;
    m.changeRunLine(-1, thread);
    return thread.id;
  }
  return -1;
}

const WRITES = PTE_W | PTE_U;
const READS = PTE_R | PTE_U;

/** Translates a user address for the current CPU. Answers a byte address in memory, or -1. */
function translate(m: Driver, va: number, writes: boolean): number {
  const { cpu, memory } = m;
  // Written so that undefined fails, too: see userAccess.
  if (!(va >= 0 && va <= 0x7fff_ffff)) return -1;
  const vpn = va >>> 12;
  const rights = writes ? WRITES : READS;
  let pte = cpu.tlb.lookup(cpu.asid, vpn);
  // A first store walks again, to mark the entry dirty in memory.
  if ((pte & rights) !== rights || (writes && (pte & PTE_D) === 0)) {
    pte = hardwareWalk(memory, cpu.root, vpn, rights);
    if (pte === 0) return -1;
    cpu.tlb.insert(cpu.asid, vpn, pte);
  }
  return (memory.frame(ppnOfPte(pte)) << 2) + (va & (PGSIZE - 1));
}

/** A user program's access through the MMU; traps to the kernel where the page table says so. */
function userAccess(m: Driver, kind: number, va: number, b: number, c: number): number | undefined {
  const reads = isLoad(kind);
  const misaligned = !isOfByte(kind) && (va & 3) !== 0;
  const at = misaligned ? -1 : translate(m, va, !reads);
  if (at < 0) {
    // Announced again after the handler: a fault that the kernel repairs repeats the access.
    const { current } = m;
    current.kind = kind;
    current.a = va;
    current.b = b;
    current.c = c;
    const faults = misaligned ? MISALIGNED : FAULTS;
    // A process that a wrong kernel runs on two CPUs may take the answer of the other for an address:
    // none at all.
    m.trap(current, reads ? faults.load : faults.store, va ?? -1, RETRY);
    return undefined;
  }
  const { buffers } = m;
  const buffered = buffers === null ? undefined : storeBuffered(m, buffers, kind, at, b);
  const answer = buffered ?? access(m, kind, at, b, c);
  if (m.observer !== null) m.observer.accessed(kind, at >> 2, va, b, answer);
  return answer;
}

const MISALIGNED = { load: CAUSE_LOAD_MISALIGNED, store: CAUSE_STORE_MISALIGNED };
const FAULTS = { load: CAUSE_LOAD_FAULT, store: CAUSE_STORE_FAULT };

/** The access itself, at a byte address in physical memory. */
function access(m: Driver, kind: number, at: number, b: number, c: number): number {
  switch (kind) {
    case op.USER_LOAD:
      return m.words[at >> 2] as number;
    case op.USER_STORE:
      return modify(m, op.STORE, at >> 2, b, 0);
    case op.USER_LOAD_BYTE:
      return m.memory.bytes[at] as number;
    case op.USER_STORE_BYTE:
      m.memory.bytes[at] = b;
      return 0;
    case op.USER_FETCH_ADD:
      return modify(m, op.FETCH_ADD, at >> 2, b, 0);
    case op.USER_EXCHANGE:
      return modify(m, op.EXCHANGE, at >> 2, b, 0);
    case op.USER_COMPARE_EXCHANGE:
      return modify(m, op.COMPARE_EXCHANGE, at >> 2, b, c);
    default:
      broken(`operation ${kind} is not a user access`);
  }
}

/**
 * Performs a user access to memory that no other address space reaches, without asking the
 * scheduler: nobody can tell when it happens. Answers undefined, and does nothing, for an access
 * that is shared or that faults.
 */
export function accessPrivately(
  m: Driver,
  kind: number,
  va: number,
  b: number,
  c: number,
): number | undefined {
  if (!isOfByte(kind) && (va & 3) !== 0) return undefined;
  const at = translate(m, va, !isLoad(kind));
  if (at < 0) return undefined;
  const ppn = m.memory.ppnOf(at >> 2);
  if (m.memory.isShared(ppn)) return undefined;
  m.step++;
  const answer = access(m, kind, at, b, c);
  if (m.observer !== null) m.observer.accessed(kind, at >> 2, va, b, answer);
  return answer;
}
