import type { Kernel } from '../../kernel/kernel.ts';
import { type Detector, type DetectorKind, found } from '../detector.ts';
import type { Watched } from '../watched.ts';
import { forKernel } from './for-kernel.ts';

/**
 * No access reaches a frame that is on the free list, none is freed twice, none is given out twice:
 * operations, user accesses, and the kernel's copies to and from user memory. The allocator's own
 * look at a frame that it is about to give out comes after `allocated`. Never wrong. What the kernel
 * does to frames plainly (filling, copying whole frames in fork) is not seen. Costs one array read
 * an access to a frame.
 */
class UseAfterFree implements Detector {
  readonly name = 'use-after-free';
  private readonly guest: Watched;
  private readonly first: number;
  /** Words below this are the kernel's data, never free. */
  private readonly firstWord: number;
  /** By frame: 1 while free. */
  private readonly free: Uint8Array;
  private readonly freeAtStart: Uint8Array;
  /** By frame: when it was freed last, 0 for before the execution, and by whom. */
  private readonly freedAt: Float64Array;
  private readonly freedBy: string[] = [];

  constructor(guest: Watched, k: Kernel) {
    this.guest = guest;
    const { firstPpn, endPpn } = k.m.memory;
    this.first = firstPpn;
    this.firstWord = k.m.memory.frame(firstPpn);
    this.free = new Uint8Array(endPpn - firstPpn);
    this.freedAt = new Float64Array(endPpn - firstPpn);
    this.freeAtStart = new Uint8Array(endPpn - firstPpn);
    for (const ppn of k.freeAtStart) this.freeAtStart[ppn - firstPpn] = 1;
  }

  begin(): void {
    this.free.set(this.freeAtStart);
    this.freedAt.fill(0);
  }

  allocated(ppn: number): void {
    if (this.free[ppn - this.first] !== 1) {
      const detail = [`${this.guest.here()} is given a frame that is in use`];
      const title = `frame ${hex(ppn)} given out twice`;
      found(this.guest, this.name, title, detail, { frames: [ppn] });
    }
    this.free[ppn - this.first] = 0;
  }

  freed(ppn: number): void {
    const frame = ppn - this.first;
    if (this.free[frame] === 1) {
      const detail = [`${this.guest.here()} frees it; it was ${this.history(frame)}`];
      const title = `double free of frame ${hex(ppn)}`;
      found(this.guest, this.name, title, detail, { frames: [ppn] });
    }
    this.free[frame] = 1;
    this.freedAt[frame] = this.guest.m.step;
    this.freedBy[frame] = this.guest.m.current.name;
  }

  loaded(address: number): void {
    if (address >= this.firstWord) this.check(address, 'loads from');
  }

  stored(address: number): void {
    if (address >= this.firstWord) this.check(address, 'stores to');
  }

  modified(address: number): void {
    if (address >= this.firstWord) this.check(address, 'modifies');
  }

  accessed(address: number, va: number, writes: boolean): void {
    const frame = this.guest.m.memory.ppnOf(address) - this.first;
    if (this.free[frame] === 1) this.reach(frame, va, writes ? 'writes' : 'reads');
  }

  copied(ppn: number, va: number, writes: boolean): void {
    const frame = ppn - this.first;
    if (this.free[frame] === 1) this.reach(frame, va, writes ? 'copies to' : 'copies from');
  }

  private reach(frame: number, va: number, verb: string): never {
    this.report(frame, `${verb} address 0x${va.toString(16)}, which is in`);
  }

  private check(address: number, verb: string): void {
    const frame = this.guest.m.memory.ppnOf(address) - this.first;
    if (this.free[frame] === 1) this.report(frame, verb);
  }

  private report(frame: number, verb: string): never {
    const name = hex(frame + this.first);
    const detail = [`${this.guest.here()} ${verb} frame ${name}, ${this.history(frame)}`];
    const about = { frames: [frame + this.first] };
    found(this.guest, this.name, `use after free of frame ${name}`, detail, about);
  }

  private history(frame: number): string {
    const step = this.freedAt[frame];
    return step === 0 ? 'free since boot' : `freed at step ${step} by ${this.freedBy[frame]}`;
  }
}

function hex(ppn: number): string {
  return `0x${ppn.toString(16)}`;
}

export const useAfterFree: DetectorKind = {
  name: 'use-after-free',
  summary: 'a freed frame is used, freed again, or a used one given out',
  make: forKernel((guest, k) => new UseAfterFree(guest, k)),
};
