import { SYS_wait } from '../../kernel/abi.ts';
import {
  type Context,
  close,
  dup,
  exec,
  exit,
  fork,
  kill,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREATE,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  open,
  type Part,
  PROT_READ,
  PROT_WRITE,
  pipe,
  print,
  readString,
  sbrk,
  sbrklazy,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  sleep,
  unlink,
  wait,
  write,
  writeString,
} from '../ulib.ts';
import { usage, verdict } from '../verdict.ts';
import { CHECK_CALLS, type CheckMemory } from './script-checks.ts';
import { FILE_CALLS } from './script-files.ts';
import { IPC_CALLS, type IpcMemory, NOWHERE } from './script-ipc.ts';
import { MAP_CALLS } from './script-maps.ts';

/** What a script remembers from one step to the next. */
interface Memory extends IpcMemory, CheckMemory {
  /** By descriptor: where it was mapped last, also after it was closed. */
  readonly mapped: number[];
  /** Where the heap ended before it grew last. */
  heap: number;
  /** What the last fork answered. */
  pid: number;
}

type Call = (u: Context, memory: Memory, args: readonly string[]) => Part<number | string>;

const number = (args: readonly string[], i: number): number => Number(args[i] ?? 0);

const PGSIZE = 4096;

/** Where a descriptor's mapping has its page of that number. */
const page = ({ mapped }: Memory, od: number, n: number): number => (mapped[od] ?? 0) + n * PGSIZE;

/**
 * Calls by name. Those that answer no system call: `store`, `load` and `add` touch the first word of
 * a descriptor's page (`add:0:1:2` that of its third page), `add` in one step, and `touch` loads the
 * last word of a page, which nothing here writes. map answers 0 or -1. kill means the youngest child
 * unless it names a pid.
 * `open` and `close` are of shared memory, `openf` and `closef` of files, `readf` answers the bytes.
 */
const CALLS: Readonly<Record<string, Call>> = {
  *open(u, _memory, [name = '']) {
    return yield* shm_open(u, name);
  },
  *trunc(u, _memory, args) {
    return shm_trunc(u, number(args, 0), number(args, 1)) ?? (yield);
  },
  *map(u, memory, args) {
    const od = number(args, 0);
    const va = yield* shm_map(u, od, args[1] === 'ro' ? O_RDONLY : O_RDWR);
    if (va < 0) return -1;
    memory.mapped[od] = va;
    return 0;
  },
  *store(u, memory, args) {
    u.store(page(memory, number(args, 0), number(args, 2)), number(args, 1)) ?? (yield);
    return 0;
  },
  *load(u, memory, args) {
    return u.load(page(memory, number(args, 0), number(args, 1))) ?? (yield);
  },
  *add(u, memory, args) {
    return u.fetchAdd(page(memory, number(args, 0), number(args, 2)), number(args, 1)) ?? (yield);
  },
  *touch(u, memory, args) {
    return u.load(page(memory, number(args, 0), number(args, 1) + 1) - 4) ?? (yield);
  },
  *close(u, _memory, args) {
    return shm_close(u, number(args, 0)) ?? (yield);
  },
  *fork(u, memory) {
    memory.pid = fork(u) ?? (yield);
    return memory.pid < 0 ? -1 : 0;
  },
  *wait(u) {
    const pid = wait(u) ?? (yield);
    return pid < 0 ? -1 : 0;
  },
  *kill(u, memory, args) {
    return kill(u, args.length > 0 ? number(args, 0) : memory.pid) ?? (yield);
  },
  *write(u, _memory, [text = '', times = '1']) {
    yield* print(u, text.repeat(Number(times)));
    return 0;
  },
  *exit(u, _memory, args) {
    return exit(u, number(args, 0)) ?? (yield);
  },
  *exec(u, _memory, args) {
    return yield* exec(u, args[0] ?? '', args);
  },
  *sleep(u, _memory, args) {
    return sleep(u, number(args, 0)) ?? (yield);
  },
  *sbrk(u, memory, args) {
    const grow = args[1] === 'lazy' ? sbrklazy : sbrk;
    const end = grow(u, number(args, 0)) ?? (yield);
    if (end < 0) return -1;
    if (number(args, 0) > 0) memory.heap = end;
    return 0;
  },
  *lazy(u, memory, args) {
    const end = sbrklazy(u, number(args, 0)) ?? (yield);
    if (end < 0) return -1;
    memory.heap = end;
    return 0;
  },
  *heap(u, memory) {
    return u.load(memory.heap) ?? (yield);
  },
  *fill(u, memory, args) {
    u.store(memory.heap, number(args, 0)) ?? (yield);
    return 0;
  },
  /** Waits, with the child's status in the first word of the heap. */
  *waitheap(u, memory) {
    const pid = u.ecall(SYS_wait, memory.heap) ?? (yield);
    return pid < 0 ? -1 : 0;
  },
  /** mmap:PAGES:s or :p, anonymous, shared or private; at :PAGE if that is given. */
  *mmap(u, memory, args) {
    const kind = args[1] === 's' ? MAP_SHARED : MAP_PRIVATE;
    const at = number(args, 2) * 4096;
    const flags = kind | MAP_ANONYMOUS | (at > 0 ? MAP_FIXED : 0);
    const rights = PROT_READ | PROT_WRITE;
    const va = mmap(u, at, number(args, 0) * 4096, rights, flags, -1, 0) ?? (yield);
    if (va < 0) return -1;
    memory.area = va;
    memory.shared = kind === MAP_SHARED;
    const { attached } = memory;
    if (attached >= va && attached < va + number(args, 0) * 4096) memory.attached = NOWHERE;
    return 0;
  },
  /** mmapf:FD:s or :p, the first page of a file. */
  *mmapf(u, memory, args) {
    const flags = args[1] === 's' ? MAP_SHARED : MAP_PRIVATE;
    const va = mmap(u, 0, 4096, PROT_READ | PROT_WRITE, flags, number(args, 0), 0) ?? (yield);
    if (va < 0) return -1;
    memory.area = va;
    return 0;
  },
  *munmap(u, { area }, args) {
    return munmap(u, area + number(args, 0) * 4096, number(args, 1) * 4096) ?? (yield);
  },
  /** put:PAGE:VALUE[:WORD] */
  *put(u, { area }, args) {
    u.store(area + number(args, 0) * 4096 + number(args, 2) * 4, number(args, 1)) ?? (yield);
    return 0;
  },
  /** Adds 1 to the first word of a page, in one step. */
  *bump(u, { area }, args) {
    return area === 0 ? -1 : (u.fetchAdd(area + number(args, 0) * 4096, 1) ?? (yield));
  },
  *get(u, { area }, args) {
    return u.load(area + number(args, 0) * 4096) ?? (yield);
  },
  *creat(u, _memory, [path = '']) {
    return yield* open(u, path, O_CREATE | O_RDWR);
  },
  *openf(u, _memory, [path = '']) {
    return yield* open(u, path, O_RDONLY);
  },
  *truncf(u, _memory, [path = '']) {
    return yield* open(u, path, O_TRUNC | O_RDWR);
  },
  *closef(u, _memory, args) {
    return close(u, number(args, 0)) ?? (yield);
  },
  *unlink(u, _memory, [path = '']) {
    return yield* unlink(u, path);
  },
  *dup(u, _memory, args) {
    return dup(u, number(args, 0)) ?? (yield);
  },
  *pipe(u) {
    return (yield* pipe(u)) === undefined ? -1 : 0;
  },
  *readf(u, _memory, args) {
    return (yield* readString(u, number(args, 0), number(args, 1))) ?? -1;
  },
  *writef(u, _memory, args) {
    return yield* writeString(u, number(args, 0), args[1] ?? '');
  },
  /** Writes so many bytes of what sbrk gave. */
  *writen(u, memory, args) {
    return write(u, number(args, 0), memory.heap, number(args, 1)) ?? (yield);
  },
};

const KINDS: readonly Readonly<Record<string, Call>>[] = [
  CALLS,
  IPC_CALLS,
  FILE_CALLS,
  MAP_CALLS,
  CHECK_CALLS,
];

/** A step, `[p/|c/]call[:argument]...[=result]`, in its parts; undefined when it is none. */
function parse(
  step: string,
): { who: string; call: Call; args: string[]; expected: string } | undefined {
  const [, who = '', line = '', , expected = ''] = /^([pc]\/)?([^=]+)(=(.*))?$/.exec(step) ?? [];
  const [name = '', ...args] = line.split(':');
  const call = KINDS.find((calls) => Object.hasOwn(calls, name))?.[name];
  return call === undefined ? undefined : { who, call, args, expected };
}

/**
 * script STEP...: does one call after the other, for situations as small as can be.
 *
 * A step is a call with its arguments, `trunc:0:4096`, and may say what it must answer, `=-1`. After a
 * fork both processes go on; steps with `c/` are the child's only, those with `p/` the parent's.
 * Prints a line for each answer that is wrong, and nothing otherwise.
 */
export function* script(u: Context, argv: readonly string[]): Part<number> {
  const memory: Memory = {
    mapped: [],
    heap: 0,
    area: 0,
    shared: false,
    pid: -1,
    segment: -1,
    attached: NOWHERE,
    attachedId: -1,
    segments: [],
    files: [],
    own: 0,
  };
  let status = 0;
  for (const step of argv.slice(1)) {
    const parts = parse(step);
    if (parts === undefined) return yield* usage(u, 'script STEP...');
    const { who, call, args, expected } = parts;
    if (who !== '' && (who === 'c/') !== (memory.pid === 0)) continue;
    const answer = yield* call(u, memory, args);
    if (expected === '' || `${answer}` === expected) continue;
    status = yield* verdict(u, 'script', `${step} answered ${answer}`, '');
  }
  return status;
}
