/**
 * Control and status registers: The RISC-V Instruction Set Manual II, chapters 2, 3 and 11, and
 * Zicsr, F and Sstc. What is not in the table is illegal, as on hardware without it.
 */

import {
  FCSR,
  FS,
  type Hart,
  MACHINE,
  MCAUSE,
  MCOUNTEREN,
  MEDELEG,
  MENVCFG,
  MEPC,
  MIDELEG,
  MIE,
  MIP,
  MPP,
  MSCRATCH,
  MSTATUS,
  MTVAL,
  MTVEC,
  PMPADDR,
  PMPCFG,
  SATP,
  SCAUSE,
  SCOUNTEREN,
  SEPC,
  SSCRATCH,
  STIMECMP,
  STVAL,
  STVEC,
  SUPERVISOR,
} from './hart.ts';
import { changeContext, flushAll } from './mmu.ts';
import { hasSstc, refreshTimers } from './timer.ts';

const MSTATUS_MASK = 0x7e79aa;
const SSTATUS_MASK = 0xc6122;
const TVM = 1 << 20;
/** Interrupts that S may be given: software, timer, external. */
const DELEGABLE = 0x222;
const SSIP = 2;
const STIP = 1 << 5;

/** RV64 IMAC with F, D, S and U. */
const MISA_LO = 0x14112d;
const MISA_HI = 0x80000000 | 0;

interface Register {
  read(hart: Hart): void;
  /** Absent for what is only read. */
  write?(hart: Hart, lo: number, hi: number): void;
  /** Beyond what the number of the register says. */
  allowed?(hart: Hart): boolean;
}

function give(hart: Hart, lo: number, hi: number): void {
  hart.lo = lo;
  hart.hi = hi;
}

/** A register that keeps the bits of the masks, and those alone. */
function kept(at: number, lo = -1, hi = -1): Register {
  return {
    read: (hart) => give(hart, hart.c[at]!, hart.c[at + 1]!),
    write: (hart, low, high) => {
      hart.c[at] = low & lo;
      hart.c[at + 1] = high & hi;
    },
  };
}

function constant(lo: number, hi = 0): Register {
  return { read: (hart) => give(hart, lo, hi) };
}

/** Direct or vectored; another mode is not written at all. */
function vector(at: number): Register {
  const { read, write } = kept(at, ~2);
  return { read, write: (hart, lo, hi) => ((lo & 2) === 0 ? write?.(hart, lo, hi) : undefined) };
}

function split(hart: Hart, value: number): void {
  give(hart, value | 0, Math.floor(value / 2 ** 32) | 0);
}

/** @param bit of mcounteren and scounteren. */
function counter(bit: number, value: (hart: Hart) => number): Register {
  return {
    read: (hart) => split(hart, value(hart)),
    allowed: (hart) => mayCount(hart, bit),
  };
}

function mayCount({ privilege, c }: Hart, bit: number): boolean {
  if (privilege === MACHINE) return true;
  if (((c[MCOUNTEREN]! >>> bit) & 1) === 0) return false;
  return privilege === SUPERVISOR || ((c[SCOUNTEREN]! >>> bit) & 1) !== 0;
}

function writeStatus(hart: Hart, value: number, mask: number): void {
  const old = hart.c[MSTATUS]!;
  const wanted = (old & ~mask) | (value & mask);
  const reserved = (wanted & MPP) === 2 << 11;
  hart.c[MSTATUS] = reserved ? (wanted & ~MPP) | (old & MPP) : wanted;
  changeContext(hart);
}

/** SD is bit 63: whether floats have to be saved. @param widths of U and S, in bits 32 to 35. */
function status(mask: number, widths: number): Register {
  return {
    read: (hart) => {
      const value = hart.c[MSTATUS]! & mask;
      give(hart, value, widths | ((value & FS) === FS ? 0x80000000 : 0));
    },
    write: (hart, lo) => writeStatus(hart, lo, mask),
  };
}

function pending(mask: (hart: Hart) => number, shown: (hart: Hart) => number): Register {
  return {
    read: (hart) => give(hart, hart.c[MIP]! & shown(hart), 0),
    write: (hart, lo) => {
      const writable = mask(hart);
      hart.c[MIP] = (hart.c[MIP]! & ~writable) | (lo & writable);
    },
  };
}

/** A part of fcsr; writing it makes the floats' state dirty. */
function floats(shift: number, mask: number): Register {
  return {
    read: (hart) => give(hart, (hart.c[FCSR]! >>> shift) & mask, 0),
    write: ({ c }, lo) => {
      c[FCSR] = (c[FCSR]! & ~(mask << shift)) | ((lo & mask) << shift);
      c[MSTATUS]! |= FS;
    },
    allowed: (hart) => !hart.floatsOff(),
  };
}

/** Without Sstc, M raises S's timer interrupt by writing it. */
function machinePending(hart: Hart): number {
  return SSIP | (hasSstc(hart) ? 0 : STIP);
}

function delegated({ c }: Hart): number {
  return c[MIDELEG]!;
}

const SUPERVISOR_ENABLES: Register = {
  read: (hart) => give(hart, hart.c[MIE]! & delegated(hart), 0),
  write: (hart, lo) => {
    const mask = delegated(hart);
    hart.c[MIE] = (hart.c[MIE]! & ~mask) | (lo & mask);
  },
};

/** Bare or Sv39; another mode is not written at all. Another ASID flushes. */
const TRANSLATION: Register = {
  read: (hart) => give(hart, hart.c[SATP]!, hart.c[SATP + 1]!),
  write: (hart, lo, hi) => {
    const mode = hi >>> 28;
    if (mode !== 0 && mode !== 8) return;
    if (((hi ^ hart.c[SATP + 1]!) & 0x0ffff000) !== 0) flushAll(hart);
    hart.c[SATP] = lo;
    hart.c[SATP + 1] = hi;
    changeContext(hart);
  },
  allowed: ({ privilege, c }) => privilege === MACHINE || (c[MSTATUS]! & TVM) === 0,
};

/** One that says when the timer of S goes off. */
function timed(register: Register): Register {
  return {
    ...register,
    write: (hart, lo, hi) => {
      register.write?.(hart, lo, hi);
      refreshTimers(hart);
    },
  };
}

const SUPERVISOR_TIMER: Register = {
  ...timed(kept(STIMECMP)),
  allowed: (hart) => hart.privilege === MACHINE || (hasSstc(hart) && mayCount(hart, 1)),
};

const cycles = (hart: Hart): number => hart.turnBegan + hart.done;
const retired = (hart: Hart): number => hart.retired + hart.done;
/** Written by nobody who could tell. */
const ignored = (register: Register): Register => ({ ...register, write: () => undefined });

const REGISTERS: ReadonlyMap<number, Register> = new Map<number, Register>([
  [0x001, floats(0, 0x1f)],
  [0x002, floats(5, 0x7)],
  [0x003, floats(0, 0xff)],
  [0x100, status(SSTATUS_MASK, 2)],
  [0x104, SUPERVISOR_ENABLES],
  [0x105, vector(STVEC)],
  [0x106, kept(SCOUNTEREN, -1, 0)],
  [0x140, kept(SSCRATCH)],
  [0x141, kept(SEPC, ~1)],
  [0x142, kept(SCAUSE)],
  [0x143, kept(STVAL)],
  [0x144, pending((hart) => SSIP & delegated(hart), delegated)],
  [0x14d, SUPERVISOR_TIMER],
  [0x180, TRANSLATION],
  [0x300, status(MSTATUS_MASK, 0xa)],
  [0x301, ignored(constant(MISA_LO, MISA_HI))],
  [0x302, kept(MEDELEG, 0xb3ff, 0)],
  [0x303, kept(MIDELEG, DELEGABLE, 0)],
  [0x304, kept(MIE, 0xaaa, 0)],
  [0x305, vector(MTVEC)],
  [0x306, kept(MCOUNTEREN, -1, 0)],
  [0x30a, timed(kept(MENVCFG, 1, 0x80000000))],
  [0x340, kept(MSCRATCH)],
  [0x341, kept(MEPC, ~1)],
  [0x342, kept(MCAUSE)],
  [0x343, kept(MTVAL)],
  [0x344, pending(machinePending, () => -1)],
  [0x3a0, kept(PMPCFG)],
  [0x3a2, kept(PMPCFG + 2)],
  ...Array.from({ length: 16 }, (_, index): [number, Register] => [
    0x3b0 + index,
    kept(PMPADDR + 2 * index, -1, 0x3fffff),
  ]),
  [0xb00, ignored(counter(0, cycles))],
  [0xb02, ignored(counter(2, retired))],
  [0xc00, counter(0, cycles)],
  [0xc01, counter(1, (hart) => hart.time())],
  [0xc02, counter(2, retired)],
  [0xf11, constant(0)],
  [0xf12, constant(0)],
  [0xf13, constant(0)],
  [0xf14, { read: (hart) => give(hart, hart.id, 0) }],
]);

/** The register that this hart may reach now, to write it too if `writes`. */
function reached(hart: Hart, number: number, writes: boolean): Register | undefined {
  const register = REGISTERS.get(number);
  if (register === undefined || hart.privilege < ((number >>> 8) & 3)) return undefined;
  if (writes && number >>> 10 === 3) return undefined;
  return register.allowed?.(hart) === false ? undefined : register;
}

/** csrrw, csrrs, csrrc: reads into `lo` and `hi` of the hart, then writes. False if illegal. */
export function changeCsr(
  hart: Hart,
  number: number,
  kind: 'swap' | 'set' | 'clear' | 'none',
  lo: number,
  hi: number,
): boolean {
  const register = reached(hart, number, kind !== 'none');
  if (register === undefined) return false;
  register.read(hart);
  const { lo: oldLo, hi: oldHi } = hart;
  if (kind === 'swap') register.write?.(hart, lo, hi);
  else if (kind === 'set') register.write?.(hart, oldLo | lo, oldHi | hi);
  else if (kind === 'clear') register.write?.(hart, oldLo & ~lo, oldHi & ~hi);
  give(hart, oldLo, oldHi);
  return true;
}
