import { O_RDONLY, O_RDWR } from '../../kernel/abi.ts';
import { PGSIZE } from '../../machine/index.ts';
import type { Model } from './orders.ts';

/** What a process did to shared memory: one call, or one descriptor's part of exit and exec. */
export interface ShmCall {
  readonly pid: number;
  readonly what: 'open' | 'trunc' | 'map' | 'close' | 'fork';
  /** The descriptor, or the child's pid. */
  readonly id: number;
  /** Of open; undefined for a name that no object can have. */
  readonly name: string | undefined;
  /** Size of trunc, flags of map. */
  readonly value: number;
  readonly result: number;
  /** Whether it may fail for a reason that the model does not know: no memory, a bad pointer. */
  readonly mayFail: boolean;
}

export interface ShmLimits {
  readonly objects: number;
  readonly descriptors: number;
  /** Pages of an object. */
  readonly pages: number;
}

/** An object that is open somewhere. */
interface ModelObject {
  pages: number;
  refs: number;
}

interface ModelDescriptor {
  readonly name: string;
  readonly mapped: boolean;
}

/**
 * What shared memory is when one call happens after the other: the rules of the system calls, and
 * nothing of how the kernel follows them.
 */
export class ShmModel implements Model<ShmCall> {
  private readonly limits: ShmLimits;
  private readonly objects = new Map<string, ModelObject>();
  /** By pid: open descriptors. */
  private readonly processes = new Map<number, Map<number, ModelDescriptor>>();

  constructor(limits: ShmLimits) {
    this.limits = limits;
  }

  clear(): void {
    this.objects.clear();
    this.processes.clear();
  }

  /** Closes a process's lowest open descriptor. Answers false when it has none. */
  closeLowest(pid: number): boolean {
    const open = this.openOf(pid);
    for (let id = 0; id < this.limits.descriptors; id++) {
      if (open.has(id)) return this.drop(open, id);
    }
    return false;
  }

  /** Whether a process has nothing open. */
  isGone(pid: number): boolean {
    return (this.processes.get(pid)?.size ?? 0) === 0;
  }

  copy(): ShmModel {
    const copy = new ShmModel(this.limits);
    for (const [name, object] of this.objects) copy.objects.set(name, { ...object });
    for (const [pid, open] of this.processes) copy.processes.set(pid, new Map(open));
    return copy;
  }

  describe(): string {
    const objects = [...this.objects].map(([name, o]) => `${name}:${o.pages}`).sort();
    const processes = [...this.processes].map(
      ([pid, open]) =>
        `${pid}:${[...open]
          .map(([od, d]) => `${od}${d.mapped ? 'm' : ''}=${d.name}`)
          .sort()
          .join()}`,
    );
    return `${objects.join()}|${processes.sort().join(';')}`;
  }

  apply(call: ShmCall): boolean {
    switch (call.what) {
      case 'open':
        return this.open(call);
      case 'trunc':
        return this.trunc(call);
      case 'map':
        return this.map(call);
      case 'close':
        return this.close(call);
      case 'fork':
        return this.fork(call);
    }
  }

  private openOf(pid: number): Map<number, ModelDescriptor> {
    let open = this.processes.get(pid);
    if (open === undefined) {
      open = new Map();
      this.processes.set(pid, open);
    }
    return open;
  }

  private open({ pid, name, result }: ShmCall): boolean {
    if (name === undefined) return result === -1;
    const open = this.openOf(pid);
    const object = this.objects.get(name);
    let od = 0;
    while (open.has(od)) od++;
    const full = object === undefined && this.objects.size >= this.limits.objects;
    if (od >= this.limits.descriptors || full) return result === -1;
    if (result !== od) return false;
    if (object === undefined) this.objects.set(name, { pages: 0, refs: 1 });
    else object.refs++;
    open.set(od, { name, mapped: false });
    return true;
  }

  private objectOf(pid: number, od: number): ModelObject | undefined {
    const name = this.processes.get(pid)?.get(od)?.name;
    return name === undefined ? undefined : this.objects.get(name);
  }

  private trunc({ pid, id, value, result }: ShmCall): boolean {
    const object = this.objectOf(pid, id);
    const fits = value > 0 && value <= this.limits.pages * PGSIZE;
    if (object === undefined || !fits || object.pages > 0) return result === -1;
    const pages = Math.ceil(value / PGSIZE);
    if (result !== pages * PGSIZE) return false;
    object.pages = pages;
    return true;
  }

  private map({ pid, id, value, result, mayFail }: ShmCall): boolean {
    const object = this.objectOf(pid, id);
    const descriptor = this.processes.get(pid)?.get(id);
    const flags = value === O_RDONLY || value === O_RDWR;
    if (object === undefined || descriptor?.mapped !== false || !flags || object.pages === 0) {
      return result === -1;
    }
    if (result !== 0) return mayFail;
    this.openOf(pid).set(id, { ...descriptor, mapped: true });
    return true;
  }

  private close({ pid, id, result }: ShmCall): boolean {
    const open = this.openOf(pid);
    if (!open.has(id)) return result === -1;
    return result === 0 && this.drop(open, id);
  }

  private drop(open: Map<number, ModelDescriptor>, id: number): boolean {
    const descriptor = open.get(id) as ModelDescriptor;
    open.delete(id);
    const object = this.objects.get(descriptor.name);
    if (object !== undefined && --object.refs === 0) this.objects.delete(descriptor.name);
    return true;
  }

  private fork({ pid, id, result }: ShmCall): boolean {
    if (result < 0) return true;
    const open = this.openOf(pid);
    this.processes.set(id, new Map(open));
    for (const { name } of open.values()) {
      const object = this.objects.get(name);
      if (object !== undefined) object.refs++;
    }
    return true;
  }
}
