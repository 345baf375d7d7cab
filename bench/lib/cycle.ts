import { Kernel } from '../../kernel/kernel.ts';
import { PARAM, type Param } from '../../kernel/param.ts';
import { init } from '../../user/programs/init.ts';
import {
  type Context,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
} from '../../user/ulib.ts';

/** One object's life as a process sees it: open, trunc, map, one store, close; then exit. */
function* cycle(u: Context, argv: readonly string[]): Part<void> {
  const od = yield* shm_open(u, 'foo');
  shm_trunc(u, od, 4096) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  // A word of its own: nothing orders the stores.
  if (va > 0) u.store(va + 4 * Number(argv[1]), 1) ?? (yield);
  shm_close(u, od) ?? (yield);
}

/** As small as explorers keep a kernel: what is not there need not be reset. */
const SMALL: Param = {
  ...PARAM,
  ncpu: 2,
  nproc: 4,
  nshm: 4,
  nshmpg: 4,
  noshm: 4,
  nofile: 4,
  nfile: 4,
  ninode: 4,
  npipe: 1,
  fssize: 8,
  frames: 64,
  tickInterval: 0,
  stepsMax: 100_000,
};

/** Two processes on two CPUs, each through one cycle with the same object. */
export function cycleKernel(): Kernel {
  const programs = new Map([
    ['init', init],
    ['cycle', cycle],
  ]);
  const processes = ['0', '1'].map((i) => ({ name: 'cycle', argv: ['cycle', i] }));
  return new Kernel(SMALL, programs, processes);
}
