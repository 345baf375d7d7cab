/**
 * The platform-level interrupt controller (RISC-V PLIC specification 1.0.0) with 31 sources and two
 * contexts a hart, M and S. A source that is claimed does not interrupt again before it is completed.
 * Sources are events: a completion does not look whether the device's line is still high, as on QEMU.
 */

import type { Device } from './bus.ts';
import { type Hart, MIP } from './hart.ts';

const SOURCES = 32;
const PENDING_AT = 0x1000;
const ENABLES_AT = 0x2000;
const CONTEXTS_AT = 0x200000;
/** mip.MEIP and mip.SEIP: contexts take turns. */
const LINES = [1 << 11, 1 << 9];

export interface PlicImage {
  readonly priorities: Int32Array;
  readonly enables: Int32Array;
  readonly thresholds: Int32Array;
  readonly pending: number;
  readonly claimed: number;
}

/** Accesses of 4 bytes only. */
export class Plic implements Device {
  private readonly harts: readonly Hart[];
  private readonly priorities = new Int32Array(SOURCES);
  private readonly enables: Int32Array;
  private readonly thresholds: Int32Array;
  private pending = 0;
  private claimed = 0;

  constructor(harts: readonly Hart[]) {
    this.harts = harts;
    this.enables = new Int32Array(2 * harts.length);
    this.thresholds = new Int32Array(2 * harts.length);
  }

  /** A device asks for attention. While it is claimed, that is kept for after the completion. */
  raise(source: number): void {
    this.pending |= 1 << source;
    this.update();
  }

  read(offset: number, size: number): number | undefined {
    if (size !== 4) return undefined;
    if (offset < PENDING_AT) return this.priorities[offset >>> 2] ?? 0;
    if (offset < ENABLES_AT) return offset === PENDING_AT ? this.pending : 0;
    if (offset < CONTEXTS_AT) {
      return (offset & 0x7f) === 0 ? (this.enables[(offset - ENABLES_AT) >>> 7] ?? 0) : 0;
    }
    const context = (offset - CONTEXTS_AT) >>> 12;
    if (context >= this.enables.length) return 0;
    const register = offset & 0xfff;
    return register === 0 ? this.thresholds[context]! : register === 4 ? this.claim(context) : 0;
  }

  write(offset: number, size: number, value: number): boolean {
    if (size !== 4) return false;
    const context = (offset - CONTEXTS_AT) >>> 12;
    if (offset < PENDING_AT) {
      if (offset >= 4 && offset < 4 * SOURCES) this.priorities[offset >>> 2] = value & 7;
    } else if (offset >= ENABLES_AT && offset < CONTEXTS_AT) {
      const whose = (offset - ENABLES_AT) >>> 7;
      if ((offset & 0x7f) === 0 && whose < this.enables.length) this.enables[whose] = value & ~1;
    } else if (offset >= CONTEXTS_AT && context < this.enables.length) {
      if ((offset & 0xfff) === 0) this.thresholds[context] = value & 7;
      else if ((offset & 0xfff) === 4) this.complete(context, value);
    }
    this.update();
    return true;
  }

  take(): PlicImage {
    const { priorities, enables, thresholds, pending, claimed } = this;
    const parts = { priorities: priorities.slice(), enables: enables.slice() };
    return { ...parts, thresholds: thresholds.slice(), pending, claimed };
  }

  restore(image: PlicImage): void {
    this.priorities.set(image.priorities);
    this.enables.set(image.enables);
    this.thresholds.set(image.thresholds);
    this.pending = image.pending;
    this.claimed = image.claimed;
  }

  /** The source of highest priority above `floor`, the lowest number among equals; 0 for none. */
  private best(context: number, floor: number): number {
    const ready = this.pending & ~this.claimed & this.enables[context]!;
    let best = 0;
    let priority = floor;
    for (let source = 1; source < SOURCES; source++) {
      if ((ready & (1 << source)) === 0 || this.priorities[source]! <= priority) continue;
      best = source;
      priority = this.priorities[source]!;
    }
    return best;
  }

  /** The threshold does not count: section 9, "PLIC interrupt claim". */
  private claim(context: number): number {
    const source = this.best(context, 0);
    if (source !== 0) {
      this.pending &= ~(1 << source);
      this.claimed |= 1 << source;
      this.update();
    }
    return source;
  }

  /** Of a source that the context has not enabled it is ignored: section 10. */
  private complete(context: number, source: number): void {
    if (source > 0 && source < SOURCES && (this.enables[context]! & (1 << source)) !== 0) {
      this.claimed &= ~(1 << source);
    }
  }

  private update(): void {
    for (const [context, threshold] of this.thresholds.entries()) {
      const { c } = this.harts[context >>> 1]!;
      const line = LINES[context & 1]!;
      c[MIP] = this.best(context, threshold) === 0 ? c[MIP]! & ~line : c[MIP]! | line;
    }
  }
}
