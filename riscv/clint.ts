/** The core-local interruptor, as SiFive and QEMU have it: software interrupts and mtime. */

import type { Device } from './bus.ts';
import { type Hart, MIP, MTIMECMP } from './hart.ts';

const MTIMECMP_AT = 0x4000;
const MTIME_AT = 0xbff8;
const MSIP = 1 << 3;

/** Accesses of 4 bytes; 8 bytes are two of them. */
export class Clint implements Device {
  private readonly harts: readonly Hart[];
  /** The hart whose turn it is: its time is the time. */
  current: Hart;

  constructor(harts: readonly Hart[]) {
    this.harts = harts;
    this.current = harts[0]!;
  }

  read(offset: number, size: number): number | undefined {
    if (size !== 4) return undefined;
    if (offset < MTIMECMP_AT) {
      const hart = this.harts[offset >>> 2];
      return hart !== undefined && (hart.c[MIP]! & MSIP) !== 0 ? 1 : 0;
    }
    if (offset >= MTIME_AT) {
      const time = this.current.time();
      return offset === MTIME_AT ? time | 0 : Math.floor(time / 2 ** 32) | 0;
    }
    const hart = this.harts[(offset - MTIMECMP_AT) >>> 3];
    return hart?.c[MTIMECMP + ((offset >>> 2) & 1)] ?? 0;
  }

  write(offset: number, size: number, value: number): boolean {
    if (size !== 4) return false;
    if (offset >= MTIME_AT) this.setTime(offset === MTIME_AT, value);
    else if (offset < MTIMECMP_AT) {
      const hart = this.harts[offset >>> 2];
      if (hart !== undefined) hart.c[MIP] = (hart.c[MIP]! & ~MSIP) | ((value & 1) * MSIP);
    } else {
      const hart = this.harts[(offset - MTIMECMP_AT) >>> 3];
      // What is due is seen when the instruction is done, and at the start of each turn.
      if (hart !== undefined) hart.c[MTIMECMP + ((offset >>> 2) & 1)] = value;
    }
    this.current.deadline = 0;
    return true;
  }

  private setTime(lower: boolean, value: number): void {
    const old = this.current.time();
    const high = Math.floor(old / 2 ** 32);
    const now = lower ? high * 2 ** 32 + (value >>> 0) : (value >>> 0) * 2 ** 32 + (old >>> 0);
    for (const hart of this.harts) hart.mtimeAtZero += now - old;
  }
}
