import type { Kernel } from '../../kernel/kernel.ts';
import { type Detector, type DetectorKind, found, here } from './detector.ts';

/**
 * No access reaches a frame that is on the free list, none is freed twice, none is given out twice.
 * Exact. Costs one array read an access.
 */
class UseAfterFree implements Detector {
  readonly name = 'use-after-free';
  private readonly k: Kernel;
  private readonly first: number;
  /** By frame: 1 while free. */
  private readonly free: Uint8Array;
  private readonly freeAtStart: Uint8Array;
  /** By frame: who freed it last, as step. */
  private readonly freedAt: Int32Array;

  constructor(k: Kernel) {
    this.k = k;
    const { firstPpn, endPpn } = k.m.memory;
    this.first = firstPpn;
    this.free = new Uint8Array(endPpn - firstPpn);
    this.freedAt = new Int32Array(endPpn - firstPpn);
    this.freeAtStart = new Uint8Array(endPpn - firstPpn);
    for (const ppn of k.freeAtStart) this.freeAtStart[ppn - firstPpn] = 1;
  }

  begin(): void {
    this.free.set(this.freeAtStart);
  }

  allocated(ppn: number): void {
    if (this.free[ppn - this.first] !== 1) {
      found(this.k, this.name, `frame ${hex(ppn)} given out twice`, [
        `${here(this.k)} is given a frame that is in use`,
      ]);
    }
    this.free[ppn - this.first] = 0;
  }

  freed(ppn: number): void {
    if (this.free[ppn - this.first] === 1) {
      found(this.k, this.name, `double free of frame ${hex(ppn)}`, [
        `${here(this.k)} frees it; it was freed at step ${this.freedAt[ppn - this.first]}`,
      ]);
    }
    this.free[ppn - this.first] = 1;
    this.freedAt[ppn - this.first] = this.k.m.step;
  }

  loaded(address: number): void {
    this.check(address, 'loads from');
  }

  stored(address: number): void {
    this.check(address, 'stores to');
  }

  modified(address: number): void {
    this.check(address, 'modifies');
  }

  accessed(address: number, va: number, writes: boolean): void {
    this.check(address, `${writes ? 'writes' : 'reads'} address 0x${va.toString(16)}, which is in`);
  }

  private check(address: number, verb: string): void {
    const frame = this.k.m.memory.ppnOf(address) - this.first;
    if (frame < 0 || this.free[frame] !== 1) return;
    const name = hex(frame + this.first);
    found(this.k, this.name, `use after free of frame ${name}`, [
      `${here(this.k)} ${verb} frame ${name}, freed at step ${this.freedAt[frame]}`,
    ]);
  }
}

function hex(ppn: number): string {
  return `0x${ppn.toString(16)}`;
}

export const useAfterFree: DetectorKind = {
  name: 'use-after-free',
  summary: 'a freed frame is used, freed again, or a used one given out',
  make: (k) => new UseAfterFree(k),
};
