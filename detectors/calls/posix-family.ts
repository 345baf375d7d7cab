import { MAP_ANONYMOUS } from '../../kernel/abi.ts';
import { argint } from '../../kernel/argument.ts';
import { FD_SHM, type File, fileOf } from '../../kernel/file.ts';
import { posixOf } from '../../kernel/posix.ts';
import type { Proc } from '../../kernel/proc.ts';
import { kindOf, VMA_POSIX } from '../../kernel/vma.ts';
import { isWritable, ownWord, readName } from '../xv6/user-memory.ts';
import { CallFamily, type Entry } from './call-family.ts';
import { type PosixCall, PosixModel } from './posix-model.ts';

/** Where struct stat has the size, and its bytes. */
const STAT_SIZE = 16;
const STAT_BYTES = 24;

/** The calls of POSIX shared memory, those of descriptors and mappings among them that concern it. */
export class PosixFamily extends CallFamily<PosixCall> {
  protected readonly first = new Set(['posix_shm_open', 'shm_unlink']);

  protected asks(p: Proc, pid: number, name: string): PosixCall[] | undefined {
    const { k } = this;
    const asked = { pid, uid: k.m.words[p.uid] as number, result: 0, mayFail: false };
    const arg = (n: number): number => argint(k, p, n);
    switch (name) {
      case 'posix_shm_open': {
        const open = { ...asked, what: 'open', oflag: arg(1), mode: arg(2), serial: -1 } as const;
        const mayFail = !hasFreeDescriptor(k, p);
        return [{ ...open, name: readName(k, p, arg(0)), mayFail }];
      }
      case 'shm_unlink':
        return [{ ...asked, what: 'unlink', name: readName(k, p, arg(0)) }];
      case 'ftruncate':
      case 'fstat':
      case 'close':
      case 'dup': {
        const f = this.fileAt(p, arg(0));
        return f === undefined ? undefined : [this.asksOfFile(p, asked, f, name)];
      }
      case 'mmap':
      case 'munmap': {
        const serials = new Set(this.mapped(p));
        const f = (arg(3) & MAP_ANONYMOUS) === 0 ? this.fileAt(p, arg(4)) : undefined;
        if (name === 'mmap' && f !== undefined) serials.add(this.serialOf(f));
        return [...serials].map((serial) => ({ ...asked, what: 'map', serial, count: 0 }));
      }
      case 'fork':
        return this.holds(p) ? [{ ...asked, what: 'fork' }] : undefined;
      case 'exec':
        return this.unmaps(p, pid);
      default:
        return undefined;
    }
  }

  private asksOfFile(
    p: Proc,
    asked: { pid: number; uid: number; result: number; mayFail: boolean },
    f: File,
    name: 'ftruncate' | 'fstat' | 'close' | 'dup',
  ): PosixCall {
    const { k } = this;
    const serial = this.serialOf(f);
    switch (name) {
      case 'ftruncate': {
        const writable = k.m.words[f.writable] !== 0;
        return { ...asked, what: 'truncate', serial, size: argint(k, p, 1), writable };
      }
      case 'fstat': {
        const mayFail = !isWritable(k, p, argint(k, p, 1), STAT_BYTES);
        return { ...asked, what: 'stat', serial, mayFail };
      }
      default:
        return { ...asked, what: name, serial };
    }
  }

  /** The file behind a descriptor, if that is shared memory. */
  private fileAt(p: Proc, fd: number): File | undefined {
    const f = fileOf(this.k, p, fd);
    return f !== undefined && this.k.m.words[f.type] === FD_SHM ? f : undefined;
  }

  private serialOf(f: File): number {
    const { k } = this;
    return k.m.words[posixOf(k, k.m.words[f.object] as number).serial] as number;
  }

  /** The objects that a process has mapped, once for each area. */
  private mapped(p: Proc): number[] {
    const { k } = this;
    const { words } = k.m;
    return p.vmas
      .filter((v) => kindOf(k, v) === VMA_POSIX)
      .map((v) => {
        const page = words[v.object] as number;
        const o = k.posix.objects.find((each) => words[each.object] === page + 1);
        return o === undefined ? -1 : (words[o.serial] as number);
      });
  }

  private files(p: Proc): File[] {
    const fds = Array.from({ length: p.files.count }, (_, fd) => this.fileAt(p, fd));
    return fds.filter((f) => f !== undefined);
  }

  private holds(p: Proc): boolean {
    return this.files(p).length > 0 || this.mapped(p).length > 0;
  }

  /** All mappings go. */
  private unmaps(p: Proc, pid: number): PosixCall[] {
    const asked = { pid, uid: 0, result: 0, mayFail: false };
    const serials = [...new Set(this.mapped(p))];
    return serials.map((serial) => ({ ...asked, what: 'map', serial, count: 0 }));
  }

  protected leaves(p: Proc, pid: number): PosixCall[] {
    const asked = { pid, uid: 0, result: 0, mayFail: false };
    const closes = this.files(p).map(
      (f): PosixCall => ({ ...asked, what: 'close', serial: this.serialOf(f) }),
    );
    return [...closes, ...this.unmaps(p, pid)];
  }

  protected answers(p: Proc, name: string, calls: PosixCall[], result: number): PosixCall[] {
    const { k } = this;
    const nothing = name === 'fork' || name === 'exec' || name === 'dup' || name === 'mmap';
    if (result < 0 && nothing) return [];
    const mapped = name === 'exec' ? [] : this.mapped(p);
    for (const call of calls) {
      call.result = result;
      if (call.what === 'map') call.count = mapped.filter((s) => s === call.serial).length;
      if (call.what === 'open') {
        const f = this.fileAt(p, result);
        if (f !== undefined) call.serial = this.serialOf(f);
        if (f !== undefined && call.name === undefined)
          this.giveUp('a name came with a page fault');
      }
      if (call.what === 'stat' && result === 0) {
        const size = ownWord(k, p, argint(k, p, 1) + STAT_SIZE);
        if (size !== undefined) call.size = size;
      }
    }
    return calls;
  }

  protected took(lock: number, entries: readonly Entry<PosixCall>[]): undefined {
    const { k } = this;
    const { words } = k.m;
    if (lock === k.posix.lock.word) this.next(entries);
    const call = entries[0]?.call;
    if (call?.what !== 'open') return;
    // Others may have taken the last file, or the last object for pages.
    const out =
      (lock === k.ftable.lock.word && k.ftable.files.every((f) => words[f.ref] !== 0)) ||
      (lock === k.otable.lock.word && k.otable.objects.every((o) => words[o.refs] !== 0));
    if (out) call.mayFail = true;
  }

  protected fresh(): PosixModel {
    return new PosixModel(this.k.posix.objects.length);
  }

  protected words(call: PosixCall): string {
    const { pid, what, result } = call;
    const object = 'serial' in call ? `posix ${call.serial}` : '';
    switch (what) {
      case 'open': {
        const name = call.name === undefined ? 'a bad name' : `"${call.name}"`;
        const answer = result < 0 ? '-1' : object;
        return `pid ${pid} shm_open(${name}, 0x${call.oflag.toString(16)}) = ${answer}`;
      }
      case 'unlink':
        return `pid ${pid} shm_unlink("${call.name ?? ''}") = ${result}`;
      case 'truncate':
        return `pid ${pid} ftruncate(${object}, ${call.size}) = ${result}`;
      case 'stat':
        return `pid ${pid} fstat(${object}) = ${result < 0 ? '-1' : `size ${call.size ?? '?'}`}`;
      case 'map':
        return `pid ${pid} has ${call.count} mappings of ${object}`;
      case 'fork':
        return `pid ${pid} fork() = ${result}`;
      default:
        return `pid ${pid} ${what}(${object}) = ${result}`;
    }
  }

  protected about(): number[] {
    return this.k.posix.objects.flatMap((o) => [o.refs, o.linked, o.size]);
  }

  protected override names(): number[] {
    return this.k.posix.objects.map((o) => o.name);
  }
}

function hasFreeDescriptor(k: PosixFamily['k'], p: Proc): boolean {
  for (let fd = 0; fd < p.files.count; fd++) if (k.m.words[p.files.at(fd)] === 0) return true;
  return false;
}
