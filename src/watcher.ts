import type { KernelWatch } from '../kernel/events.ts';
import type { Kernel } from '../kernel/kernel.ts';
import {
  ACQUIRE,
  COMPARE_EXCHANGE,
  type Ending,
  EXCHANGE,
  FETCH_ADD,
  LOAD,
  MARKED,
  type Observer,
  RELEASE,
  STORE,
  STORE_BYTE,
  type Thread,
  USER_LOAD,
  USER_LOAD_BYTE,
  USER_STORE,
  USER_STORE_BYTE,
} from '../machine/index.ts';
import type { Detector, DetectorKind } from './detectors/detector.ts';
import { type Finding, Found } from './finding.ts';

/** The detectors that have a hook, so that nobody is asked in vain. */
function having<Hook extends keyof Detector>(
  detectors: readonly Detector[],
  hook: Hook,
): (Detector & Required<Pick<Detector, Hook>>)[] {
  return detectors.filter((d) => d[hook] !== undefined) as ReturnType<typeof having<Hook>>;
}

/** Tells a set of detectors what a kernel does, operation by operation. */
export class Watcher implements Observer, KernelWatch {
  private readonly detectors: readonly Detector[];
  private readonly loading;
  private readonly storing;
  private readonly modifying;
  private readonly acquiring;
  private readonly acquired;
  private readonly released;
  private readonly switched;
  private readonly accessing;
  private readonly allocating;
  private readonly freeing;
  private readonly entering_;
  private readonly exiting;

  constructor(k: Kernel, kinds: readonly DetectorKind[]) {
    const all = kinds.map((kind) => kind.make(k));
    this.detectors = all;
    this.loading = having(all, 'loaded');
    this.storing = having(all, 'stored');
    this.modifying = having(all, 'modified');
    this.acquiring = having(all, 'acquiring');
    this.acquired = having(all, 'acquired');
    this.released = having(all, 'released');
    this.switched = having(all, 'switching');
    this.accessing = having(all, 'accessed');
    this.allocating = having(all, 'allocated');
    this.freeing = having(all, 'freed');
    this.entering_ = having(all, 'entered');
    this.exiting = having(all, 'exited');
  }

  begin(): void {
    for (const detector of this.detectors) detector.begin?.();
  }

  entering(kind: number, a: number): void {
    if (kind === ACQUIRE) for (const d of this.acquiring) d.acquiring(a);
  }

  performed(kind: number, a: number, b: number): void {
    switch (kind) {
      case LOAD:
        for (const d of this.loading) d.loaded(a, b === MARKED);
        break;
      case STORE:
        for (const d of this.storing) d.stored(a);
        break;
      case STORE_BYTE:
        for (const d of this.storing) d.stored(a >> 2);
        break;
      case ACQUIRE:
        for (const d of this.acquired) d.acquired(a);
        break;
      case RELEASE:
        for (const d of this.released) d.released(a);
        break;
      case FETCH_ADD:
      case EXCHANGE:
      case COMPARE_EXCHANGE:
        for (const d of this.modifying) d.modified(a);
        break;
    }
  }

  accessed(kind: number, address: number, va: number): void {
    const plain = kind === USER_LOAD || kind === USER_LOAD_BYTE;
    const writes = !plain;
    if (plain || kind === USER_STORE || kind === USER_STORE_BYTE) {
      for (const d of this.accessing) d.accessed(address, va, writes);
    } else {
      for (const d of this.modifying) d.modified(address);
    }
  }

  switching(from: Thread, to: Thread): void {
    for (const d of this.switched) d.switching(from, to);
  }

  allocated(ppn: number): void {
    for (const d of this.allocating) d.allocated(ppn);
  }

  freed(ppn: number): void {
    for (const d of this.freeing) d.freed(ppn);
  }

  entered(pid: number, call: string, args: () => (number | string)[]): void {
    for (const d of this.entering_) d.entered(pid, call, args);
  }

  exited(pid: number, call: string, result: number): void {
    for (const d of this.exiting) d.exited(pid, call, result);
  }

  /** What is found in an execution that ended by itself. */
  ended(ending: Ending): Finding | undefined {
    for (const detector of this.detectors) {
      const finding = detector.ended?.(ending);
      if (finding !== undefined) return finding;
    }
    return undefined;
  }

  /** What guest code threw, as a finding. @throws the error itself when nobody knows it. */
  explain(error: unknown): Finding {
    if (error instanceof Found) return error.finding;
    for (const detector of this.detectors) {
      const finding = detector.threw?.(error);
      if (finding !== undefined) return finding;
    }
    throw error;
  }
}
