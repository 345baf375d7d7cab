import {
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  MAP_FIXED,
  SHM_RDONLY,
  SHMID_DS_MODE,
  SHMID_DS_NATTCH,
  SHMID_DS_SIZE,
  SHMID_DS_UID,
} from '../../kernel/abi.ts';
import { argint } from '../../kernel/argument.ts';
import type { Proc } from '../../kernel/proc.ts';
import { endOf, kindOf, VMA_SYSV, type Vma } from '../../kernel/vma.ts';
import { isWritable, ownWord } from '../xv6/user-memory.ts';
import { CallFamily, type Entry } from './call-family.ts';
import { type SegmentCall, SegmentModel } from './segment-model.ts';

/** The calls of System V shared memory. */
export class SegmentFamily extends CallFamily<SegmentCall> {
  protected readonly first = new Set(['shmget', 'shmat', 'shmctl']);

  protected asks(p: Proc, pid: number, name: string): SegmentCall[] | undefined {
    const { k } = this;
    const asked = { pid, uid: k.m.words[p.uid] as number, result: 0, mayFail: false };
    const arg = (n: number): number => argint(k, p, n);
    switch (name) {
      case 'shmget':
        return [{ ...asked, what: 'get', key: arg(0), size: arg(1), flags: arg(2) }];
      case 'shmat': {
        const writes = (arg(2) & SHM_RDONLY) === 0;
        // Where it goes, and whether there is an entry, is the process's own business.
        const mayFail = arg(1) !== 0 || (arg(2) & ~SHM_RDONLY) !== 0 || !hasFreeArea(this.k, p);
        return [{ ...asked, what: 'attach', id: arg(0), writes, mayFail }];
      }
      case 'shmdt':
        return this.detaches(p, pid, (v) => this.attachedAt(v) === arg(0));
      case 'shmctl':
        return this.control(p, asked);
      case 'fork':
        return this.attached(p).map((id) => ({ ...asked, what: 'inherit', id }));
      case 'exec':
        return this.detaches(p, pid, () => true);
      case 'munmap':
        this.checkUnmapped(p, arg(0), arg(1));
        return undefined;
      case 'mmap':
        if ((arg(3) & MAP_FIXED) !== 0) this.checkUnmapped(p, arg(0), arg(1));
        return undefined;
      default:
        return undefined;
    }
  }

  private control(
    p: Proc,
    asked: { pid: number; uid: number; result: number; mayFail: boolean },
  ): SegmentCall[] | undefined {
    const { k } = this;
    const id = argint(k, p, 0);
    const buf = argint(k, p, 2);
    switch (argint(k, p, 1)) {
      case IPC_STAT:
        return [{ ...asked, what: 'stat', id, mayFail: !isWritable(k, p, buf, SHMID_DS_SIZE) }];
      case IPC_SET: {
        const owner = ownWord(k, p, buf + 4 * SHMID_DS_UID);
        const mode = ownWord(k, p, buf + 4 * SHMID_DS_MODE);
        const known = owner !== undefined && mode !== undefined;
        if (!known) this.giveUp('IPC_SET from memory that others may change');
        return known ? [{ ...asked, what: 'set', id, owner, mode, mayFail: owner < 0 }] : undefined;
      }
      case IPC_RMID:
        return [{ ...asked, what: 'remove', id }];
      default:
        return undefined;
    }
  }

  /** An attachment that loses some pages may become two, or none. */
  private checkUnmapped(p: Proc, addr: number, length: number): void {
    const touched = p.vmas.some(
      (v) =>
        isAttachment(this.k, v) &&
        (this.k.m.words[v.start] as number) * 4096 < addr + length &&
        endOf(this.k, v) * 4096 > addr,
    );
    if (touched) this.giveUp('a part of an attachment is unmapped');
  }

  /** The address at which an attachment begins. */
  private attachedAt(v: Vma): number {
    const { words } = this.k.m;
    return ((words[v.start] as number) - (words[v.offset] as number)) * 4096;
  }

  /** Identifiers of the segments that a process has attached, in the order of its table. */
  private attached(p: Proc, wanted: (v: Vma) => boolean = () => true): number[] {
    const { k } = this;
    const { segments } = k.sysv;
    return p.vmas
      .filter((v) => isAttachment(k, v) && wanted(v))
      .map((v) => {
        const s = segments[k.m.words[v.object] as number];
        return s === undefined ? -1 : (k.m.words[s.seq] as number) * segments.length + s.index;
      });
  }

  private detaches(p: Proc, pid: number, wanted: (v: Vma) => boolean): SegmentCall[] {
    const uid = this.k.m.words[p.uid] as number;
    return this.attached(p, wanted).map((id) => ({
      pid,
      uid,
      result: 0,
      mayFail: false,
      what: 'detach',
      id,
    }));
  }

  protected leaves(p: Proc, pid: number): SegmentCall[] {
    return this.detaches(p, pid, () => true);
  }

  protected answers(p: Proc, name: string, calls: SegmentCall[], result: number): SegmentCall[] {
    const { k } = this;
    if (name === 'fork' && result < 0 && calls.length > 0) {
      this.giveUp('a fork that failed had attachments for a while');
    }
    const aside = name === 'fork' || name === 'exec';
    if (result < 0 && aside) return [];
    for (const call of calls) {
      call.result = aside ? 0 : result;
      if (call.what !== 'stat' || result < 0) continue;
      const buf = argint(k, p, 2);
      const nattch = ownWord(k, p, buf + 4 * SHMID_DS_NATTCH);
      const mode = ownWord(k, p, buf + 4 * SHMID_DS_MODE);
      if (nattch !== undefined) call.nattch = nattch;
      if (mode !== undefined) call.mode = mode;
    }
    return calls;
  }

  protected took(lock: number, entries: readonly Entry<SegmentCall>[]): undefined {
    const { k } = this;
    const call = entries[0]?.call;
    const isIts = lock === k.sysv.lock.word;
    // shmat looks twice, and what it sees last counts.
    if (isIts && call?.what === 'attach') (entries[0] as Entry<SegmentCall>).hint = -1;
    if (isIts) this.next(entries);
    if (lock !== k.otable.lock.word || call?.what !== 'get') return;
    // Pages for a new segment: others may have taken the last.
    if (k.otable.objects.every((o) => k.m.words[o.refs] !== 0)) call.mayFail = true;
  }

  protected fresh(): SegmentModel {
    return new SegmentModel(this.k.sysv.segments.length);
  }

  protected words(call: SegmentCall): string {
    const { pid, what, result } = call;
    const flags = what === 'get' ? `0${call.flags.toString(8)}` : '';
    switch (what) {
      case 'get':
        return `pid ${pid} shmget(${call.key}, ${call.size}, ${flags}) = ${result}`;
      case 'attach':
        return `pid ${pid} shmat(${call.id}) ${result < 0 ? 'fails' : 'succeeds'}`;
      case 'inherit':
        return `pid ${pid} fork attaches ${call.id}`;
      case 'detach':
        return `pid ${pid} detaches ${call.id}`;
      case 'stat': {
        const { nattch = '?', mode = 0 } = call;
        const told = result < 0 ? '-1' : `{nattch ${nattch}, mode 0${mode.toString(8)}}`;
        return `pid ${pid} IPC_STAT(${call.id}) = ${told}`;
      }
      case 'set':
        return `pid ${pid} IPC_SET(${call.id}, ${call.owner}) = ${result}`;
      case 'remove':
        return `pid ${pid} IPC_RMID(${call.id}) = ${result}`;
    }
  }

  protected about(): number[] {
    return this.k.sysv.segments.flatMap((s) => [s.state, s.nattch]);
  }

  protected override names(): number[] {
    return this.k.sysv.segments.map((s) => s.key);
  }
}

type Kernel = SegmentFamily['k'];

function isAttachment(k: Kernel, v: Vma): boolean {
  return kindOf(k, v) === VMA_SYSV;
}

function hasFreeArea(k: Kernel, p: Proc): boolean {
  return p.vmas.some((v) => k.m.words[v.mode] === 0);
}
