/** Argument checks of the POSIX shared-memory calls; posix.ts does the work. */
import type { Code } from '../machine/index.ts';
import { O_CREATE, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC } from './abi.ts';
import { argint } from './argument.ts';
import { FD_SHM, filealloc, fileclose, fileinit, fileOf } from './file.ts';
import type { Kernel } from './kernel.ts';
import { SHMNAMEMAX } from './param.ts';
import { posixOpen, posixTruncate, posixUnlink } from './posix.ts';
import type { Proc } from './proc.ts';
import { copyinstr } from './vm.ts';

/** The name in the first argument; undefined for a bad pointer, and for an empty or too long one. */
function* argname(k: Kernel, p: Proc): Code<string | undefined> {
  const pagetable = k.m.words[p.pagetable] as number;
  const name = yield* copyinstr(k, pagetable, argint(k, p, 0), SHMNAMEMAX + 1);
  return name === '' ? undefined : name;
}

/** shm_open(char *name, int oflag, int mode): the lowest free descriptor, or -1. */
export function* sysPosixShmOpen(k: Kernel, p: Proc): Code<number> {
  const { words } = k.m;
  const oflag = argint(k, p, 1);
  const mode = argint(k, p, 2);
  const access = oflag & ~(O_CREATE | O_EXCL | O_TRUNC);
  if (access !== O_RDONLY && access !== O_RDWR) return -1;
  if (access === O_RDONLY && (oflag & O_TRUNC) !== 0) return -1;
  const name = yield* argname(k, p);
  if (name === undefined) return -1;
  let fd = 0;
  while (fd < p.files.count && words[p.files.at(fd)] !== 0) fd++;
  if (fd === p.files.count) return -1;
  const f = yield* filealloc(k);
  if (f === undefined) return -1;
  const rights = { readable: true, writable: access === O_RDWR };
  const publish = (object: number): Code<void> => fileinit(k, f, FD_SHM, object, rights);
  if ((yield* posixOpen(k, p, name, oflag, mode, publish)) < 0) {
    yield* fileclose(k, f);
    return -1;
  }
  words[p.files.at(fd)] = f.index + 1;
  return fd;
}

/** ftruncate(int fd, int size), of shared memory that was opened for writing: 0, or -1. */
export function* sysFtruncate(k: Kernel, p: Proc): Code<number> {
  const { words } = k.m;
  const f = fileOf(k, p, argint(k, p, 0));
  if (f === undefined || words[f.type] !== FD_SHM || words[f.writable] === 0) return -1;
  return yield* posixTruncate(k, words[f.object] as number, argint(k, p, 1));
}

/** shm_unlink(char *name): 0, or -1 without such a name, or for one that is not the caller's. */
export function* sysShmUnlink(k: Kernel, p: Proc): Code<number> {
  const name = yield* argname(k, p);
  return name === undefined ? -1 : yield* posixUnlink(k, p, name);
}
