/** The state of one hart. What it does is in the files beside this one. */

import type { Bus } from './bus.ts';
import type { Ram } from './memory.ts';

export const USER = 0;
export const SUPERVISOR = 1;
export const MACHINE = 3;

// Where `c` has each CSR: two words, lower half first.
export const MSTATUS = 0;
export const MIE = 2;
export const MIP = 4;
export const MIDELEG = 6;
export const MEDELEG = 8;
export const MTVEC = 10;
export const MEPC = 12;
export const MCAUSE = 14;
export const MTVAL = 16;
export const MSCRATCH = 18;
export const STVEC = 20;
export const SEPC = 22;
export const SCAUSE = 24;
export const STVAL = 26;
export const SSCRATCH = 28;
export const SATP = 30;
export const MENVCFG = 32;
export const MCOUNTEREN = 34;
export const SCOUNTEREN = 36;
export const STIMECMP = 38;
export const MTIMECMP = 40;
export const FCSR = 42;
export const PMPCFG = 44;
export const PMPADDR = 48;
const CSR_WORDS = PMPADDR + 2 * 16;

// Fields of mstatus.
export const SIE = 1 << 1;
export const MIE_BIT = 1 << 3;
export const SPIE = 1 << 5;
export const MPIE = 1 << 7;
export const SPP = 1 << 8;
export const MPP = 3 << 11;
export const FS = 3 << 13;
export const MPRV = 1 << 17;
export const SUM = 1 << 18;
export const MXR = 1 << 19;

// Why straight-line execution stopped.
export const GOES_ON = 0;
/** An instruction that system.ts executes is next. */
export const SYSTEM_NEXT = 1;
/** `cause` says what happened at pc. */
export const EXCEPTION = 2;
/** What can interrupt, or the code itself, may have changed. */
export const LOOK = 3;
/** The next instruction reaches a device, and needs the exact time. */
export const DEVICE_NEXT = 4;

/** Entries of a TLB, four words each: page and context, upper half of the page, place, unused. */
const TLB_WORDS = 256 * 4;

/** What of a hart goes into snapshots and digests. */
export interface HartImage {
  readonly words: readonly Int32Array[];
  readonly scalars: readonly number[];
}

/** Who wants to know of traps. It must not change anything. */
export interface TrapObserver {
  /** A trap is about to be taken; the hart's state is that of the instruction it comes at. */
  trapped(hart: Hart, cause: number, isInterrupt: boolean): void;
  /** `sret` or `mret` has led to user mode. */
  entersUser(hart: Hart): void;
}

export class Hart {
  readonly id: number;
  readonly ram: Ram;
  readonly bus: Bus;
  /** Integer registers; the last pair is where writes to x0 go. */
  readonly x = new Int32Array(66);
  readonly f = new Int32Array(64);
  readonly c = new Int32Array(CSR_WORDS);
  readonly loads = new Int32Array(TLB_WORDS).fill(-1);
  readonly stores = new Int32Array(TLB_WORDS).fill(-1);
  readonly fetches = new Int32Array(TLB_WORDS).fill(-1);
  pcLo = 0;
  pcHi = 0;
  privilege = MACHINE;
  /** Executed `wfi`, and nothing it waits for has come. */
  waiting = false;
  /** Whether a TLB may have a part of a superpage: then a flush of one page flushes all. */
  superpages = false;
  /** What translation depends on besides the address, for data and for instructions: mmu.ts. */
  dataContext = 0;
  fetchContext = 0;

  /** Instructions of all harts before this hart's turn, and how many of it are done: the time. */
  turnBegan = 0;
  done = 0;
  /** Instructions of this hart before its turn. */
  retired = 0;
  /** Instructions in a tick of mtime, and the tick at instruction 0. */
  readonly ratio: number;
  mtimeAtZero = 0;
  /** When a timer of this hart goes off next, in instructions of all harts. */
  deadline = Number.POSITIVE_INFINITY;

  // Results of helpers, never kept from one instruction to the next.
  stop = GOES_ON;
  cause = 0;
  lo = 0;
  hi = 0;
  systemWord = 0;
  systemBits = 0;
  /** Whether the next instruction may reach a device: its time is exact. */
  exact = false;
  observer: TrapObserver | null = null;

  constructor(id: number, ram: Ram, bus: Bus, ratio: number) {
    this.id = id;
    this.ram = ram;
    this.bus = bus;
    this.ratio = ratio;
  }

  /** Ticks of mtime since the start, at the instruction that is being executed. */
  time(): number {
    return Math.floor((this.turnBegan + this.done) / this.ratio) + this.mtimeAtZero;
  }

  /** Stops at pc with an exception. Answers false, which is what who raises it answers. */
  raise(cause: number, valueLo: number, valueHi: number): false {
    this.stop = EXCEPTION;
    this.cause = cause;
    this.lo = valueLo;
    this.hi = valueHi;
    return false;
  }

  floatsOff(): boolean {
    return (this.c[MSTATUS]! & FS) === 0;
  }

  take(): HartImage {
    const { x, f, c, loads, stores, fetches } = this;
    const words = [x, f, c, loads, stores, fetches].map((part) => part.slice());
    return { words, scalars: this.scalars() };
  }

  restore({ words, scalars }: HartImage): void {
    const { x, f, c, loads, stores, fetches } = this;
    for (const [index, part] of [x, f, c, loads, stores, fetches].entries())
      part.set(words[index]!);
    const [pcLo, pcHi, privilege, waiting, superpages, data, fetch, zero, retired] = scalars;
    this.pcLo = pcLo!;
    this.pcHi = pcHi!;
    this.privilege = privilege!;
    this.waiting = waiting === 1;
    this.superpages = superpages === 1;
    this.dataContext = data!;
    this.fetchContext = fetch!;
    this.mtimeAtZero = zero!;
    this.retired = retired!;
  }

  private scalars(): number[] {
    const { pcLo, pcHi, privilege, dataContext, fetchContext, mtimeAtZero, retired } = this;
    const flags = [this.waiting ? 1 : 0, this.superpages ? 1 : 0];
    return [pcLo, pcHi, privilege, ...flags, dataContext, fetchContext, mtimeAtZero, retired];
  }
}
