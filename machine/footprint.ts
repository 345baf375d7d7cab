import type { Cpu } from './cpu.ts';
import type { Driver } from './driver.ts';
import { PGSIZE } from './memory.ts';
import { hardwareLeaf, PTE_R, PTE_U, PTE_W, ppnOfPte } from './mmu.ts';
import { TAKES } from './operands.ts';
import * as op from './operation.ts';
import type { StoreBuffers } from './store-buffers.ts';
import type { Thread } from './thread.ts';
import { fillsBuffer, isUserAccess, namesWord, TRAITS } from './traits.ts';

/**
 * What operations touch, for strategies that ask which of them commute.
 *
 * An *object* is a word of memory, by its address; behind the last word lie the run line, for
 * each thread its context (what a switch saves and restores, and what a signal changes), and for each
 * CPU its store buffer. Objects
 * are listed as codes, object · 2, + 1 where it is written. Two operations of different lanes commute
 * unless they share an object that at least one of them writes.
 */
export type TouchCode = number;

export function objectOf(code: TouchCode): number {
  return code >> 1;
}

export function writes(code: TouchCode): boolean {
  return (code & 1) === 1;
}

const read = (object: number): TouchCode => object << 1;
const written = (object: number): TouchCode => (object << 1) | 1;

/** The level of the run line as an object: `wfi` reads it. */
export function runLineObject(words: Int32Array): number {
  return words.length;
}

/** Number of objects of a machine. */
export function objectCount(m: {
  words: Int32Array;
  threads: readonly Thread[];
  cpus: readonly unknown[];
}): number {
  return m.words.length + 1 + m.threads.length + m.cpus.length;
}

/**
 * Lists what the operation that a parked thread has announced would touch if it stepped now. A
 * compare-and-exchange that would fail only reads; a signal that would wake nobody, too.
 *
 * Left out: entries of page tables (an address space is its own process's business), and what the
 * operation leads to, such as a change of the run line.
 *
 * @param into takes the codes from its beginning
 * @returns how many there are.
 */
export function footprint(m: Driver, thread: Thread, into: TouchCode[]): number {
  return m.buffers === null ? direct(m, thread, into) : buffered(m, m.buffers, thread, into);
}

/**
 * With store buffers: a store changes its CPU's buffer and not the word, what reaches memory changes
 * both, and a fence reads the buffer. Whatever else waits for it to be empty finds it so, and touches
 * what it touches without.
 */
function buffered(m: Driver, buffers: StoreBuffers, thread: Thread, into: TouchCode[]): number {
  const { kind, a, cpu } = thread;
  if (kind === op.DRAIN) {
    into[0] = written(a);
    into[1] = written(bufferOf(m, buffers.cpuOf(thread)));
    return 2;
  }
  if (cpu === null) return 0;
  if (fillsBuffer(kind) || kind === op.RELEASE) {
    into[0] = written(bufferOf(m, cpu.id));
    return 1;
  }
  const count = direct(m, thread, into);
  if (kind !== op.FENCE) return count;
  into[count] = read(bufferOf(m, cpu.id));
  return count + 1;
}

function bufferOf(m: Driver, cpu: number): number {
  return m.words.length + 1 + m.threads.length + cpu;
}

/** By kind: how it touches the word that it names and nothing else; 0 for those that `direct` lists. */
const [READS, COMPARES, WRITES] = [1, 2, 3];
const HOW = { read: READS, compare: COMPARES, write: WRITES };
const TOUCHES = Uint8Array.from(TRAITS, ({ touches }) =>
  touches === undefined ? 0 : HOW[touches],
);

function direct(m: Driver, thread: Thread, into: TouchCode[]): number {
  const { kind, a, b } = thread;
  const { words } = m;
  const touches = TOUCHES[kind];
  if (touches !== 0) {
    const at = wordOf(m, thread, touches !== READS);
    if (at < 0) return 0;
    const only = touches === READS || (touches === COMPARES && words[at] !== b);
    into[0] = only ? read(at) : written(at);
    return 1;
  }
  switch (kind) {
    case op.SWTCH:
      into[0] = written(context(m, thread.id));
      into[1] = written(context(m, a));
      return 2;
    case op.WFI:
      into[0] = a === TAKES ? written(runLineObject(words)) : read(runLineObject(words));
      return 1;
    case op.COND_WAIT:
      into[0] = written(b);
      into[1] = written(a);
      return 2;
    case op.COND_WAKE:
      into[0] = written(b);
      into[1] = written(context(m, thread.id));
      return 2;
    case op.BARRIER_PASS:
      into[0] = written(context(m, thread.id));
      return 1;
    case op.BARRIER_ARRIVE:
      return arrived(m, thread, into);
    case op.COND_SIGNAL:
    case op.COND_SPURIOUS:
    case op.COND_BROADCAST:
      return signalled(m, thread, into);
    default:
      return 0;
  }
}

function context(m: Driver, id: number): number {
  return m.words.length + 1 + id;
}

/** A signal touches the condition, and the context of everyone whom it wakes. */
function signalled(m: Driver, { kind, a }: Thread, into: TouchCode[]): number {
  into[0] = m.words[a] === 0 ? read(a) : written(a);
  let count = 1;
  let oldest: Thread | null = null;
  for (const t of m.threads) {
    if (t.kind !== op.COND_WAKE || t.a !== a || t.ticket === 0) continue;
    if (kind === op.COND_BROADCAST) into[count++] = written(context(m, t.id));
    else if (oldest === null || t.ticket < oldest.ticket) oldest = t;
  }
  if (oldest !== null) into[count++] = written(context(m, oldest.id));
  return count;
}

/** The last to arrive touches the context of all who wait. */
function arrived(m: Driver, { a, b }: Thread, into: TouchCode[]): number {
  into[0] = written(a);
  let count = 1;
  if ((m.words[a] as number) + 1 < b) return count;
  for (const t of m.threads) {
    if (t.kind === op.BARRIER_PASS && t.a === a) into[count++] = written(context(m, t.id));
  }
  return count;
}

/** The word that an operation names; -1 for a user access that would fault. */
function wordOf(m: Driver, { kind, a, cpu }: Thread, writes: boolean): number {
  if (namesWord(kind)) return a;
  // Arithmetic shift: what faults stays below 0.
  return (isUserAccess(kind) ? physical(m, cpu as Cpu, a, writes) : a) >> 2;
}

/** Where a user access would go, without going there: a byte address, or -1 for a fault. */
function physical(m: Driver, cpu: Cpu, va: number, stores: boolean): number {
  if (va < 0 || va > 0x7fff_ffff) return -1;
  const vpn = va >>> 12;
  const rights = (stores ? PTE_W : PTE_R) | PTE_U;
  let pte = cpu.tlb.lookup(cpu.asid, vpn);
  if ((pte & rights) !== rights) {
    const leaf = hardwareLeaf(m.memory, cpu.root, vpn, rights);
    if (leaf < 0) return -1;
    pte = m.words[leaf] as number;
  }
  return (m.memory.frame(ppnOfPte(pte)) << 2) + (va & (PGSIZE - 1));
}
