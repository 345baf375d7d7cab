import {
  type Context,
  O_RDWR,
  O_WRONLY,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';

const TOOLONG = 'sixteen bytes...';

/** Calls that must answer -1, with `od` open and not sized. Answers which one did not. */
function* refused(u: Context, od: number): Part<string | undefined> {
  for (const name of ['', TOOLONG]) {
    const opened = yield* shm_open(u, name);
    if (opened !== -1) return `shm_open of a bad name gave ${opened}`;
  }
  for (const bad of [-1, od + 1, 1000]) {
    const closed = shm_close(u, bad) ?? (yield);
    const size = shm_trunc(u, bad, 4096) ?? (yield);
    const va = yield* shm_map(u, bad, O_RDWR);
    if (closed !== -1 || size !== -1 || va !== -1) return `descriptor ${bad} was taken`;
  }
  const unsized = yield* shm_map(u, od, O_RDWR);
  const size = shm_trunc(u, od, 0) ?? (yield);
  if (unsized !== -1 || size !== -1) return 'an object without a size was mapped';
  return undefined;
}

/** badcalls NAME: calls that must fail do, and leave locks and objects in order. */
export function* badcalls(u: Context, argv: readonly string[]): Part<number> {
  const name = argv[1];
  if (name === undefined) return yield* usage(u, 'badcalls NAME');
  const od = yield* shm_open(u, name);
  let wrong = yield* refused(u, od);
  const size = shm_trunc(u, od, 4096) ?? (yield);
  const writeonly = yield* shm_map(u, od, O_WRONLY);
  const va = yield* shm_map(u, od, O_RDWR);
  const again = yield* shm_map(u, od, O_RDWR);
  if (writeonly !== -1 || again !== -1) wrong ??= 'a bad shm_map succeeded';
  if (size !== 4096 || va < 0) wrong ??= `cannot create ${name}`;
  const closed = shm_close(u, od) ?? (yield);
  const twice = shm_close(u, od) ?? (yield);
  if (closed !== 0 || twice !== -1) wrong ??= `shm_close gave ${closed}, then ${twice}`;
  return yield* verdict(u, 'badcalls', wrong, 'what must fail fails');
}
