/** Limits of the kernel (xv6 param.h). All are configuration, so that tests can reach them cheaply. */
export interface Param {
  /** CPUs, 1 to 64. */
  readonly ncpu: number;
  /** Processes, 2 to 256. */
  readonly nproc: number;
  /** Shared-memory objects in the system. */
  readonly nshm: number;
  /** Pages of one shared-memory object. */
  readonly nshmpg: number;
  /** Open shared-memory descriptors of one process. */
  readonly noshm: number;
  /** Open file descriptors of one process; three are the console's. */
  readonly nofile: number;
  /** Open files in the system. */
  readonly nfile: number;
  /** Files and directories on the disk. */
  readonly ninode: number;
  /** Pipes in the system. */
  readonly npipe: number;
  /** Bytes that a pipe holds, at most a frame's. */
  readonly pipesize: number;
  /** Blocks of the disk, of 4096 bytes each. */
  readonly fssize: number;
  /** Mappings of one process, as mmap makes them. */
  readonly nvma: number;
  /** Objects of shared pages in the system: anonymous shared mappings, segments. */
  readonly nobject: number;
  /** System V segments in the system. */
  readonly nsegment: number;
  /** POSIX shared-memory objects in the system. */
  readonly nposix: number;
  /** Frames of memory for the allocator. */
  readonly frames: number;
  /** Operations between two timer interrupts of a CPU; 0 for none but those that wake sleepers. */
  readonly tickInterval: number;
  /** Operations after which an execution is called endless. */
  readonly stepsMax: number;
  /** The kalloc, counted from 1 at the end of set-up, that finds no memory; 0 for none. */
  readonly kallocFailsAt: number;
  /** Timer interrupts of each CPU that come whenever the scheduler chooses. */
  readonly ticks: number;
  /** 1 if idle CPUs wait and take processes in turn, where xv6's scan the table: as searches do. */
  readonly idleWaits: number;
}

export const PARAM: Param = {
  ncpu: 2,
  nproc: 64,
  nshm: 64,
  nshmpg: 32,
  noshm: 16,
  nofile: 16,
  nfile: 32,
  ninode: 16,
  npipe: 8,
  pipesize: 512,
  fssize: 32,
  nvma: 16,
  nobject: 32,
  nsegment: 16,
  nposix: 16,
  frames: 1024,
  tickInterval: 1000,
  stepsMax: 10_000_000,
  kallocFailsAt: 0,
  ticks: 0,
  idleWaits: 0,
};

/** Longest name of an object in bytes, without the NUL. */
export const SHMNAMEMAX = 15;
/** Longest path or argument that exec accepts in bytes, with the NUL. */
export const MAXPATH = 128;
/** Most arguments of exec. */
export const MAXARG = 32;
/** Longest name in a directory, in bytes. */
export const DIRSIZ = 14;
/** Blocks of one file. Departure from xv6, which has further ones behind an indirect block. */
export const NDIRECT = 12;
