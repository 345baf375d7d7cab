import { O_CREATE, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC } from '../../kernel/abi.ts';
import { OBJECTPAGES } from '../../kernel/pageobject.ts';
import { PGSIZE } from '../../machine/index.ts';
import type { Model } from './orders.ts';

interface Asked {
  readonly pid: number;
  readonly uid: number;
  /** Below 0 for a failure. */
  result: number;
  /** Whether it may fail for a reason that the model does not know: no descriptor, a bad pointer. */
  mayFail: boolean;
}

/** What a process did to POSIX objects, which are known by how many were made before them. */
export type PosixCall =
  | (Asked & {
      readonly what: 'open';
      /** Undefined for a name that no object can have. */
      readonly name: string | undefined;
      readonly oflag: number;
      readonly mode: number;
      /** Which object the descriptor is of. */
      serial: number;
    })
  | (Asked & { readonly what: 'unlink'; readonly name: string | undefined })
  | (Asked & {
      readonly what: 'truncate';
      readonly serial: number;
      readonly size: number;
      readonly writable: boolean;
    })
  | (Asked & { readonly what: 'stat'; readonly serial: number; size?: number })
  | (Asked & { readonly what: 'close' | 'dup'; readonly serial: number })
  /** A process has so many mappings of it now. */
  | (Asked & { readonly what: 'map'; readonly serial: number; count: number })
  /** `result` is the child. */
  | (Asked & { readonly what: 'fork' });

/** Those of an object that the process has. */
type UseCall = Exclude<PosixCall, { readonly what: 'open' | 'unlink' | 'fork' }>;

interface ModelObject {
  name: string | undefined;
  size: number;
  readonly uid: number;
  readonly mode: number;
}

/** What a process holds of an object. */
interface Holding {
  readonly files: number;
  readonly maps: number;
}

const SIZEMAX = OBJECTPAGES * PGSIZE;
const NOTHING: Holding = { files: 0, maps: 0 };

/** What POSIX shared memory is when one call happens after the other. */
export class PosixModel implements Model<PosixCall> {
  private readonly most: number;
  private readonly objects = new Map<number, ModelObject>();
  private readonly holdings = new Map<number, ReadonlyMap<number, Holding>>();
  private made = 0;

  /** @param most objects in the system */
  constructor(most: number) {
    this.most = most;
  }

  copy(): PosixModel {
    const copy = new PosixModel(this.most);
    for (const [serial, object] of this.objects) copy.objects.set(serial, { ...object });
    for (const [pid, held] of this.holdings) copy.holdings.set(pid, held);
    copy.made = this.made;
    return copy;
  }

  describe(): string {
    const objects = [...this.objects].map(([serial, o]) => `${serial}:${o.name}:${o.size}`);
    const holdings = [...this.holdings].map(([pid, held]) => {
      const each = [...held].map(([serial, { files, maps }]) => `${serial}=${files}/${maps}`);
      return `${pid}:${each.sort().join()}`;
    });
    return `${objects.sort().join()}|${holdings.sort().join(';')}`;
  }

  apply(call: PosixCall): boolean {
    switch (call.what) {
      case 'open':
        return this.open(call);
      case 'unlink':
        return this.unlink(call);
      case 'fork':
        this.holdings.set(call.result, this.holdings.get(call.pid) ?? new Map());
        return true;
      default:
        return this.use(call, this.objects.get(call.serial));
    }
  }

  private use(call: UseCall, object: ModelObject | undefined): boolean {
    const { pid, serial, result } = call;
    const held = this.holdings.get(pid)?.get(serial) ?? NOTHING;
    if (object === undefined || (held.files === 0 && held.maps === 0 && call.what !== 'map')) {
      return false;
    }
    switch (call.what) {
      case 'truncate':
        if (!call.writable || call.size < 0 || call.size > SIZEMAX) return result < 0;
        if (result !== 0) return false;
        object.size = call.size;
        return true;
      case 'stat':
        if (result < 0) return call.mayFail;
        return (call.size ?? object.size) === object.size;
      case 'dup':
        return this.hold(pid, serial, { ...held, files: held.files + 1 });
      case 'close':
        if (result !== 0 || held.files === 0) return false;
        return this.hold(pid, serial, { ...held, files: held.files - 1 });
      case 'map':
        return this.hold(pid, serial, { ...held, maps: call.count });
    }
  }

  private open(call: PosixCall & { what: 'open' }): boolean {
    const { name, oflag, mode, uid, pid, result, mayFail } = call;
    const access = oflag & ~(O_CREATE | O_EXCL | O_TRUNC);
    const truncates = (oflag & O_TRUNC) !== 0;
    const known = access === O_RDWR || (access === O_RDONLY && !truncates);
    if (name === undefined || !known) return result < 0;
    const found = [...this.objects].find(([, o]) => o.name === name);
    if (found === undefined) {
      if ((oflag & O_CREATE) === 0 || this.objects.size >= this.most) return result < 0;
      if (result < 0) return mayFail;
      if (call.serial !== this.made) return false;
      this.made++;
      this.objects.set(call.serial, { name, size: 0, uid, mode: mode & 0o777 });
    } else {
      const [serial, o] = found;
      const exclusive = (oflag & O_CREATE) !== 0 && (oflag & O_EXCL) !== 0;
      const rights = uid === o.uid ? o.mode >> 6 : o.mode;
      const wanted = access === O_RDWR ? 6 : 4;
      const allowed = uid === 0 || (rights & wanted) === wanted;
      if (exclusive || !allowed) return result < 0;
      if (result < 0) return mayFail;
      if (call.serial !== serial) return false;
      if (truncates) o.size = 0;
    }
    const held = this.holdings.get(pid)?.get(call.serial) ?? NOTHING;
    return this.hold(pid, call.serial, { ...held, files: held.files + 1 });
  }

  private unlink({ name, uid, result }: PosixCall & { what: 'unlink' }): boolean {
    const found = [...this.objects].find(([, o]) => o.name === name && name !== undefined);
    if (found === undefined || (uid !== 0 && uid !== found[1].uid)) return result < 0;
    if (result < 0) return false;
    found[1].name = undefined;
    this.destroyUnused(found[0]);
    return true;
  }

  private hold(pid: number, serial: number, now: Holding): true {
    const held = new Map(this.holdings.get(pid));
    if (now.files === 0 && now.maps === 0) held.delete(serial);
    else held.set(serial, now);
    this.holdings.set(pid, held);
    this.destroyUnused(serial);
    return true;
  }

  private destroyUnused(serial: number): void {
    if (this.objects.get(serial)?.name !== undefined) return;
    for (const held of this.holdings.values()) if (held.has(serial)) return;
    this.objects.delete(serial);
  }
}
