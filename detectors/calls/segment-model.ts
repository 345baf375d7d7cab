import { IPC_CREAT, IPC_EXCL, IPC_PRIVATE, SHM_DEST } from '../../kernel/abi.ts';
import { OBJECTPAGES } from '../../kernel/pageobject.ts';
import { PGSIZE } from '../../machine/index.ts';
import type { Model } from './orders.ts';

/** Who asks, and what was answered. */
interface Asked {
  readonly pid: number;
  readonly uid: number;
  /** Below 0 for a failure. */
  result: number;
  /** Whether it may fail for a reason that the model does not know: no memory, a bad pointer. */
  mayFail: boolean;
}

/** What a process did to System V segments. */
export type SegmentCall =
  | (Asked & { readonly what: 'get'; key: number; size: number; flags: number })
  | (Asked & { readonly what: 'attach'; id: number; writes: boolean })
  /** A fork gives its child an attachment; a process loses one. */
  | (Asked & { readonly what: 'inherit' | 'detach'; id: number })
  | (Asked & { readonly what: 'stat'; id: number; nattch?: number; mode?: number })
  | (Asked & { readonly what: 'set'; id: number; owner: number; mode: number })
  | (Asked & { readonly what: 'remove'; id: number });

interface ModelSegment {
  key: number;
  readonly size: number;
  uid: number;
  readonly cuid: number;
  mode: number;
  nattch: number;
  marked: boolean;
}

/** What System V shared memory is when one call happens after the other. */
export class SegmentModel implements Model<SegmentCall> {
  private readonly most: number;
  private readonly segments = new Map<number, ModelSegment>();
  /** Identifiers that were ever given out. */
  private readonly ids = new Set<number>();

  /** @param most segments in the system */
  constructor(most: number) {
    this.most = most;
  }

  copy(): SegmentModel {
    const copy = new SegmentModel(this.most);
    for (const [id, segment] of this.segments) copy.segments.set(id, { ...segment });
    for (const id of this.ids) copy.ids.add(id);
    return copy;
  }

  describe(): string {
    return [...this.segments]
      .map(([id, s]) => `${id}:${Object.values(s).join()}`)
      .sort()
      .join(';');
  }

  apply(call: SegmentCall): boolean {
    if (call.what === 'get') return this.get(call);
    const s = this.segments.get(call.id);
    switch (call.what) {
      case 'attach':
        return this.attach(call, s);
      case 'inherit':
        if (s !== undefined) s.nattch++;
        return s !== undefined;
      case 'detach':
        return call.result === 0 && this.detach(call.id, s);
      case 'stat':
        return this.stat(call, s);
      case 'set':
        if (s === undefined || !owns(s, call.uid)) return call.result < 0;
        if (call.result < 0) return call.mayFail;
        s.uid = call.owner;
        s.mode = call.mode & 0o777;
        return true;
      case 'remove':
        return this.remove(call, s);
    }
  }

  private get({ key, size, flags, uid, result, mayFail }: SegmentCall & { what: 'get' }): boolean {
    if ((flags & ~(IPC_CREAT | IPC_EXCL | 0o777)) !== 0) return result < 0;
    const found = key === IPC_PRIVATE ? undefined : this.withKey(key);
    if (found !== undefined) {
      const [id, s] = found;
      const exclusive = (flags & IPC_CREAT) !== 0 && (flags & IPC_EXCL) !== 0;
      const wanted = ((flags >> 6) | (flags >> 3) | flags) & 7;
      const fitsIt = size >= 0 && size <= s.size;
      return result === (exclusive || !fitsIt || !may(s, uid, wanted) ? -1 : id);
    }
    const makes = key === IPC_PRIVATE || (flags & IPC_CREAT) !== 0;
    const fits = size > 0 && size <= OBJECTPAGES * PGSIZE && this.segments.size < this.most;
    if (!makes || !fits) return result < 0;
    if (result < 0) return mayFail;
    if (this.ids.has(result)) return false;
    this.ids.add(result);
    const mode = flags & 0o777;
    this.segments.set(result, { key, size, uid, cuid: uid, mode, nattch: 0, marked: false });
    return true;
  }

  private withKey(key: number): readonly [number, ModelSegment] | undefined {
    return [...this.segments].find(([, s]) => s.key === key && !s.marked);
  }

  private attach(call: SegmentCall & { what: 'attach' }, s: ModelSegment | undefined): boolean {
    if (s === undefined || s.marked || !may(s, call.uid, call.writes ? 6 : 4)) {
      return call.result < 0;
    }
    if (call.result < 0) return call.mayFail;
    s.nattch++;
    return true;
  }

  private detach(id: number, s: ModelSegment | undefined): boolean {
    if (s === undefined || s.nattch === 0) return false;
    s.nattch--;
    if (s.marked && s.nattch === 0) this.segments.delete(id);
    return true;
  }

  private stat(call: SegmentCall & { what: 'stat' }, s: ModelSegment | undefined): boolean {
    if (s === undefined || !may(s, call.uid, 4)) return call.result < 0;
    if (call.result < 0) return call.mayFail;
    const mode = s.mode | (s.marked ? SHM_DEST : 0);
    return (call.nattch ?? s.nattch) === s.nattch && (call.mode ?? mode) === mode;
  }

  private remove(call: SegmentCall & { what: 'remove' }, s: ModelSegment | undefined): boolean {
    if (s === undefined || !owns(s, call.uid)) return call.result < 0;
    if (call.result < 0) return false;
    s.marked = true;
    if (s.nattch === 0) this.segments.delete(call.id);
    return true;
  }
}

function owns(s: ModelSegment, uid: number): boolean {
  return uid === 0 || uid === s.uid || uid === s.cuid;
}

function may(s: ModelSegment, uid: number, wanted: number): boolean {
  if (uid === 0) return true;
  const rights = uid === s.uid || uid === s.cuid ? s.mode >> 6 : s.mode;
  return (rights & wanted) === wanted;
}
