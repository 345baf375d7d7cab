import {
  IPC_CREAT,
  IPC_EXCL,
  IPC_PRIVATE,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  O_CREATE,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  SBRK_LAZY,
  SHM_RDONLY,
  SHM_RND,
} from '../../kernel/abi.ts';
import { clip, quoted } from '../text.ts';

/** What a number stands for; undefined where it is just that number. */
type Meaning = (value: number) => string | undefined;
type Names = Readonly<Record<string, number>>;

const octal = (value: number): string => (value === 0 ? '0' : `0${value.toString(8)}`);
const hex = (value: number): string => `0x${value.toString(16)}`;

/** One of these. */
function name(names: Names): Meaning {
  return (value) => Object.keys(names).find((key) => names[key] === value);
}

/** Any of these bits, and the rest of them as `rest` has it. */
function flags(names: Names, rest = hex): Meaning {
  return (value) => {
    if (value <= 0) return undefined;
    const set = Object.entries(names).filter(([, bit]) => (value & bit) === bit);
    const left = set.reduce((bits, [, bit]) => bits & ~bit, value);
    const words = set.map(([key]) => key);
    return [...words, ...(left === 0 ? [] : [rest(left)])].join('|');
  };
}

/** One of the ways to open, and flags. */
const access: Meaning = (value) => {
  const way = name({ O_RDONLY, O_WRONLY, O_RDWR })(value & 3);
  const others = flags({ O_CREATE, O_TRUNC, O_EXCL })(value & ~3);
  return way === undefined || others === undefined ? way : `${way}|${others}`;
};

const protection: Meaning = (value) =>
  value === PROT_NONE ? 'PROT_NONE' : flags({ PROT_READ, PROT_WRITE, PROT_EXEC })(value);

/** By call and argument, what its numbers mean. */
const MEANINGS: ReadonlyMap<string, readonly (Meaning | undefined)[]> = new Map(
  Object.entries({
    open: [undefined, access],
    shm_map: [undefined, undefined, access],
    posix_shm_open: [undefined, access, octal],
    mmap: [
      undefined,
      undefined,
      protection,
      flags({ MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS, MAP_FIXED }),
    ],
    sbrk: [undefined, name({ SBRK_LAZY })],
    shmget: [name({ IPC_PRIVATE }), undefined, flags({ IPC_CREAT, IPC_EXCL }, octal)],
    shmat: [undefined, undefined, flags({ SHM_RDONLY, SHM_RND })],
    shmctl: [undefined, name({ IPC_RMID, IPC_SET, IPC_STAT })],
  }),
);

/** A trace may have any number of arguments, of any length; no call of ours has more. */
const ARGS_SHOWN = 16;
const TEXT_SHOWN = 256;

/** A call as in C. The kernel records a pointer as `0x…`, which is shown as it is. */
export function callText(call: string, args: readonly (number | string)[]): string {
  const meanings = MEANINGS.get(call);
  const texts = args.slice(0, ARGS_SHOWN).map((value, i) => {
    if (typeof value === 'number') return meanings?.[i]?.(value) ?? String(value);
    const text = clip(value, TEXT_SHOWN);
    return /^0x[0-9a-f]+$/.test(text) ? text : quoted(text);
  });
  if (args.length > ARGS_SHOWN) texts.push('…');
  return `${clip(call, TEXT_SHOWN)}(${texts.join(', ')})`;
}

/** What a call answered, and what it stored; an address only once. */
export function resultText(result: number, out: string | undefined): string {
  if (out === undefined) return String(result);
  return out === hex(result) ? out : `${result} (${out})`;
}
