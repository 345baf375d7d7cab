import {
  type Context,
  exit,
  fork,
  getpid,
  O_RDWR,
  type Part,
  print,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  wait,
} from '../ulib.ts';

/** What a process writes to word `i` of its slice: recognisable, and different for each. */
const pattern = (process: number, i: number): number => (process + 1) * 0x01000000 + i;

/**
 * shmtest NAME SIZE NPROC: creates, truncates and maps an object, has NPROC processes each fill a
 * slice of it, and verifies all of it. Exit status 1 when a call fails or a word is wrong.
 */
export function* shmtest(u: Context, argv: readonly string[]): Part<number> {
  const [, name = 'shm', sizeText = '4096', nprocText = '2'] = argv;
  const nproc = Number.parseInt(nprocText, 10);
  const od = yield* shm_open(u, name);
  const size = shm_trunc(u, od, Number.parseInt(sizeText, 10)) ?? (yield);
  const va = yield* shm_map(u, od, O_RDWR);
  if (od < 0 || size < 0 || va < 0) {
    yield* print(u, `shmtest: cannot create ${name}\n`);
    return 1;
  }
  // A few words at the start of each slice stand for all of it: each is an operation.
  const slice = Math.floor(size / nproc / 4);
  const words = Math.min(slice, 8);
  for (let i = 0; i < nproc; i++) {
    const pid = fork(u) ?? (yield);
    if (pid < 0) {
      yield* print(u, `shmtest: fork ${i} failed\n`);
      break;
    }
    if (pid === 0) {
      for (let w = 0; w < words; w++) u.store(va + 4 * (i * slice + w), pattern(i, w)) ?? (yield);
      exit(u, 0) ?? (yield);
    }
  }
  let children = 0;
  while ((wait(u) ?? (yield)) > 0) children++;
  let wrong = 0;
  for (let i = 0; i < children; i++) {
    for (let w = 0; w < words; w++) {
      const value = u.load(va + 4 * (i * slice + w)) ?? (yield);
      if (value !== pattern(i, w)) wrong++;
    }
  }
  shm_close(u, od) ?? (yield);
  const self = getpid(u) ?? (yield);
  const verdict = wrong === 0 && children === nproc ? 'ok' : `${wrong} words wrong`;
  yield* print(u, `shmtest: pid ${self}: ${size} bytes, ${children} processes, ${verdict}\n`);
  return wrong === 0 && children === nproc ? 0 : 1;
}
