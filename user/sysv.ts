/** System V shared memory for user programs (sys/shm.h). */
import * as abi from '../kernel/abi.ts';
import { BUFFER, type Context, type Part } from './ulib.ts';

export { IPC_CREAT, IPC_EXCL, IPC_PRIVATE, SHM_DEST, SHM_RDONLY, SHM_RND } from '../kernel/abi.ts';

export const shmget = (u: Context, key: number, size: number, flags: number): number | undefined =>
  u.ecall(abi.SYS_shmget, key, size, flags);
export const shmat = (u: Context, id: number, addr: number, flags: number): number | undefined =>
  u.ecall(abi.SYS_shmat, id, addr, flags);
export const shmdt = (u: Context, addr: number): number | undefined => u.ecall(abi.SYS_shmdt, addr);
export const getuid = (u: Context): number | undefined => u.ecall(abi.SYS_getuid);
export const setuid = (u: Context, uid: number): number | undefined => u.ecall(abi.SYS_setuid, uid);

/** What IPC_STAT tells of a segment. */
export interface ShmidDs {
  readonly key: number;
  readonly uid: number;
  readonly cuid: number;
  /** Rights, and SHM_DEST once it is removed. */
  readonly mode: number;
  readonly size: number;
  readonly nattch: number;
  readonly cpid: number;
  readonly lpid: number;
}

/** shmctl(id, IPC_STAT, &ds), or undefined. */
export function* shm_stat(u: Context, id: number): Part<ShmidDs | undefined> {
  const result = u.ecall(abi.SYS_shmctl, id, abi.IPC_STAT, BUFFER) ?? (yield);
  if (result < 0) return undefined;
  return {
    key: u.load(BUFFER) ?? (yield),
    uid: u.load(BUFFER + 4) ?? (yield),
    cuid: u.load(BUFFER + 8) ?? (yield),
    mode: u.load(BUFFER + 12) ?? (yield),
    size: u.load(BUFFER + 16) ?? (yield),
    nattch: u.load(BUFFER + 20) ?? (yield),
    cpid: u.load(BUFFER + 24) ?? (yield),
    lpid: u.load(BUFFER + 28) ?? (yield),
  };
}

/** shmctl(id, IPC_SET, &ds), of whose fields uid and mode count. */
export function* shm_set(u: Context, id: number, uid: number, mode: number): Part<number> {
  u.store(BUFFER + 4 * abi.SHMID_DS_UID, uid) ?? (yield);
  u.store(BUFFER + 4 * abi.SHMID_DS_MODE, mode) ?? (yield);
  return u.ecall(abi.SYS_shmctl, id, abi.IPC_SET, BUFFER) ?? (yield);
}

/** shmctl(id, IPC_RMID, 0). */
export const shm_rmid = (u: Context, id: number): number | undefined =>
  u.ecall(abi.SYS_shmctl, id, abi.IPC_RMID, 0);
