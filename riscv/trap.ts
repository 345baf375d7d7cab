/** Traps and returns from them: The RISC-V Instruction Set Manual II, sections 3.1.6 to 3.1.9, 3.3.2. */

import {
  type Hart,
  MACHINE,
  MCAUSE,
  MEDELEG,
  MEPC,
  MIDELEG,
  MIE,
  MIE_BIT,
  MIP,
  MPIE,
  MPP,
  MPRV,
  MSTATUS,
  MTVAL,
  MTVEC,
  SCAUSE,
  SEPC,
  SIE,
  SPIE,
  SPP,
  STVAL,
  STVEC,
  SUPERVISOR,
  USER,
} from './hart.ts';
import { changeContext } from './mmu.ts';

/** Interrupts by falling priority: external, software, timer of M, then of S. */
const PRIORITY = [11, 3, 7, 9, 1, 5];
const INTERRUPT = 0x80000000 | 0;

/** Enters the handler for the exception that the hart stopped with. */
export function enterException(hart: Hart): void {
  enter(hart, hart.cause, 0, hart.lo, hart.hi);
}

/** Enters the handler of a pending and enabled interrupt, if there is one. */
export function takeInterrupt(hart: Hart): boolean {
  const { c, privilege } = hart;
  const pending = c[MIP]! & c[MIE]!;
  if (pending === 0) return false;
  const status = c[MSTATUS]!;
  const delegated = c[MIDELEG]!;
  const byMachine = privilege < MACHINE || (status & MIE_BIT) !== 0 ? pending & ~delegated : 0;
  const reaches = privilege < SUPERVISOR || (privilege === SUPERVISOR && (status & SIE) !== 0);
  const ready = byMachine !== 0 ? byMachine : reaches ? pending & delegated : 0;
  const cause = PRIORITY.find((bit) => (ready & (1 << bit)) !== 0);
  if (cause === undefined) return false;
  enter(hart, cause, INTERRUPT, 0, 0);
  return true;
}

function enter(hart: Hart, cause: number, kind: number, valueLo: number, valueHi: number): void {
  hart.observer?.trapped(hart, cause, kind !== 0);
  const { c, privilege } = hart;
  const delegations = c[kind === 0 ? MEDELEG : MIDELEG]!;
  const toSupervisor = privilege <= SUPERVISOR && ((delegations >>> cause) & 1) !== 0;
  const epc = toSupervisor ? SEPC : MEPC;
  const causes = toSupervisor ? SCAUSE : MCAUSE;
  const value = toSupervisor ? STVAL : MTVAL;
  c[epc] = hart.pcLo;
  c[epc + 1] = hart.pcHi;
  c[causes] = cause;
  c[causes + 1] = kind;
  c[value] = valueLo;
  c[value + 1] = valueHi;
  c[MSTATUS] = toSupervisor ? enteredSupervisor(hart) : enteredMachine(hart);
  hart.privilege = toSupervisor ? SUPERVISOR : MACHINE;
  const vector = toSupervisor ? STVEC : MTVEC;
  const vectored = (c[vector]! & 1) !== 0 && kind !== 0 ? 4 * cause : 0;
  const base = c[vector]! & -4;
  hart.pcLo = (base + vectored) | 0;
  hart.pcHi = (c[vector + 1]! + (hart.pcLo >>> 0 < base >>> 0 ? 1 : 0)) | 0;
  changeContext(hart);
}

function enteredSupervisor({ c, privilege }: Hart): number {
  const status = c[MSTATUS]! & ~(SIE | SPIE | SPP);
  const enabled = (c[MSTATUS]! & SIE) !== 0 ? SPIE : 0;
  return status | enabled | (privilege === SUPERVISOR ? SPP : 0);
}

function enteredMachine({ c, privilege }: Hart): number {
  const status = c[MSTATUS]! & ~(MIE_BIT | MPIE | MPP);
  const enabled = (c[MSTATUS]! & MIE_BIT) !== 0 ? MPIE : 0;
  return status | enabled | (privilege << 11);
}

export function machineReturn(hart: Hart): void {
  const { c } = hart;
  const status = c[MSTATUS]!;
  hart.privilege = (status & MPP) >> 11;
  const enabled = (status & MPIE) !== 0 ? MIE_BIT : 0;
  c[MSTATUS] = (status & ~(MIE_BIT | MPP)) | enabled | MPIE;
  leave(hart, MEPC);
}

export function supervisorReturn(hart: Hart): void {
  const { c } = hart;
  const status = c[MSTATUS]!;
  hart.privilege = (status & SPP) !== 0 ? SUPERVISOR : 0;
  const enabled = (status & SPIE) !== 0 ? SIE : 0;
  c[MSTATUS] = (status & ~(SIE | SPP)) | enabled | SPIE;
  leave(hart, SEPC);
}

/** A reservation does not outlive a trap: whoever returns starts its lr and sc over. */
function leave(hart: Hart, epc: number): void {
  const { c } = hart;
  if (hart.privilege !== MACHINE) c[MSTATUS]! &= ~MPRV;
  hart.pcLo = c[epc]!;
  hart.pcHi = c[epc + 1]!;
  hart.ram.reservations[hart.id] = -1;
  changeContext(hart);
  if (hart.privilege === USER) hart.observer?.entersUser(hart);
}
