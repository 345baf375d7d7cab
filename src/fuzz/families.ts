/** What a generated program is mostly about: how often each verb is drawn, and how processes begin. */

/** Of every family. */
const COMMON = { fork: 3, wait: 2, kill: 3, sleep: 1, exec: 1, exit: 1 } as const;

const SHM = { open: 6, close: 6, map: 4, trunc: 3, add: 4, touch: 3, sbrk: 1, write: 1 } as const;
const MEMORY = {
  mmap: 5,
  munmap: 4,
  bump: 7,
  sbrk: 3,
  heap: 3,
  mark: 3,
  look: 3,
  echo: 3,
} as const;
const SEGMENTS = { shmget: 3, shmat: 5, shmdt: 4, rmid: 3, count: 4, stat: 1, munmap: 1 } as const;
const FILES = {
  file: 6,
  fread: 4,
  fwrite: 4,
  fclose: 4,
  fdup: 2,
  unlink: 3,
  ends: 2,
  pass: 2,
  fstat: 1,
  fbig: 4,
  uptime: 1,
} as const;
const MAPPED = {
  file: 5,
  fmap: 5,
  bump: 6,
  munmap: 4,
  cut: 4,
  back: 3,
  stay: 4,
  fwrite: 3,
  fread: 2,
  fclose: 3,
  unlink: 2,
} as const;
const POSIX = {
  pfile: 6,
  ptrunc: 5,
  pmap: 4,
  bump: 5,
  munmap: 3,
  punlink: 4,
  fclose: 5,
  fdup: 1,
  fstat: 1,
  uid: 1,
} as const;
const MEETING = { lock: 8, hand: 5, shmget: 2, shmat: 3, shmdt: 1, mmap: 2, count: 1 } as const;

export type Verb =
  | keyof typeof COMMON
  | keyof typeof SHM
  | keyof typeof MEMORY
  | keyof typeof SEGMENTS
  | keyof typeof FILES
  | keyof typeof MAPPED
  | keyof typeof POSIX
  | keyof typeof MEETING;

export interface Family {
  /** Each as often as it is drawn. Shrinking turns the others into the first. */
  readonly verbs: readonly Verb[];
  /** What a process begins with; shrinking goes towards the first. Half of them have what a fork gives. */
  readonly prologues: readonly (readonly Verb[])[];
}

function family(
  weights: Readonly<Partial<Record<Verb, number>>>,
  prologues: Family['prologues'],
): Family {
  const verbs = (Object.entries(weights) as [Verb, number][]).flatMap(([verb, n]) =>
    Array.from({ length: n }, () => verb),
  );
  return { verbs, prologues: [[], ...prologues] };
}

const shm = family({ ...SHM, ...COMMON }, [
  ['open'],
  ['open', 'trunc'],
  ['open', 'map'],
  ['open', 'trunc', 'map'],
  ['open', 'trunc', 'map', 'add'],
  ['open', 'trunc', 'map', 'add', 'close'],
  ['open', 'fork'],
  ['open', 'trunc', 'map', 'fork'],
  ['open', 'open', 'trunc', 'map', 'fork'],
  ['open', 'trunc', 'map', 'add'],
]);

const memory = family({ ...MEMORY, ...COMMON }, [
  ['mmap'],
  ['mmap', 'bump'],
  ['sbrk', 'heap', 'fork', 'wait'],
  ['mmap', 'bump', 'fork'],
  ['mmap', 'fork', 'bump'],
  ['mmap', 'bump', 'fork', 'bump'],
  ['mark', 'fork', 'mark'],
  ['mark', 'fork', 'look', 'echo'],
]);

const segments = family({ ...SEGMENTS, ...COMMON }, [
  ['shmget'],
  ['shmget', 'shmat'],
  ['shmget', 'shmat', 'count'],
  ['shmget', 'shmat', 'fork'],
  ['shmget', 'shmat', 'count', 'fork'],
  ['shmget', 'shmat', 'kill'],
  ['shmget', 'shmat', 'rmid', 'fork'],
  ['shmget', 'shmat', 'rmid', 'shmget'],
]);

const files = family({ ...FILES, ...COMMON }, [
  ['file'],
  ['file', 'fwrite'],
  ['file', 'unlink'],
  ['file', 'fork'],
  ['file', 'fwrite', 'fork'],
  ['ends', 'fork'],
  ['pass'],
  ['file', 'fbig'],
  ['file', 'fbig', 'fbig'],
]);

const mapped = family({ ...MAPPED, ...COMMON }, [
  ['file', 'fwrite'],
  ['file', 'fwrite', 'fmap'],
  ['file', 'fwrite', 'fmap', 'bump'],
  ['file', 'fwrite', 'fmap', 'fork'],
  ['file', 'fwrite', 'fmap', 'bump', 'fork'],
  ['file', 'fwrite', 'fork', 'fmap'],
  ['file', 'fwrite', 'fmap', 'fork', 'cut'],
  ['file', 'fwrite', 'fmap', 'fork', 'bump', 'cut', 'stay'],
  ['back'],
]);

const posix = family({ ...POSIX, ...COMMON }, [
  ['pfile'],
  ['pfile', 'fclose'],
  ['pfile', 'ptrunc', 'pmap'],
  ['pfile', 'ptrunc', 'pmap', 'bump'],
  ['pfile', 'ptrunc', 'pmap', 'fork'],
  ['pfile', 'punlink'],
  ['pfile', 'fclose', 'punlink'],
  ['pfile', 'fork'],
]);

const meeting = family({ ...MEETING, ...COMMON }, [
  ['hand'],
  ['shmget', 'shmat', 'lock'],
  ['shmget', 'shmat', 'fork', 'lock'],
  ['shmget', 'shmat', 'fork', 'fork', 'lock'],
  ['shmget', 'shmat', 'rmid', 'fork', 'lock', 'lock'],
]);

const FEW = [shm, memory, segments, files, mapped, posix, meeting];

const all = family(
  {
    ...MEETING,
    ...POSIX,
    ...MAPPED,
    ...SHM,
    ...MEMORY,
    ...SEGMENTS,
    ...FILES,
    ...COMMON,
    fork: 8,
    kill: 6,
    wait: 5,
  },
  FEW.flatMap(({ prologues }) => prologues.slice(1)),
);

/** Of a whole program. Shrinking goes towards the first. */
export const FAMILIES: readonly Family[] = [...FEW, all, all];
