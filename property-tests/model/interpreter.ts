import { DATAEND, O_RDWR, SYS_shm_map } from '../../kernel/abi.ts';
import {
  type Context,
  exec,
  exit,
  fork,
  kill,
  type Part,
  type Program,
  sbrk,
  shm_close,
  shm_open,
  shm_trunc,
  wait,
} from '../../user/ulib.ts';
import type { Command } from './commands.ts';

/** Hears what each call answered. A forked child repeats its parent's calls up to the fork. */
export type Listener = (command: Command, answer: number) => void;

const POINTER = DATAEND - 16;
const GUARDPAGE = 0x1000;
const IMAGEEND = 0x3000;

/** What a process knows of itself, from what it was answered. */
interface Known {
  /** Address of each descriptor's mapping; 0 for none. */
  readonly va: number[];
  readonly writable: boolean[];
  /** Where each descriptor was mapped last, even if it is no longer. */
  readonly last: number[];
  readonly children: number[];
}

/** The programs of an execution: what a process does, and each image that it may execute. */
export class Interpreter {
  /** By name, for the kernel. */
  readonly programs: Record<string, Program> = {};
  private readonly names = new Map<readonly Command[], string>();
  private readonly listen: Listener;

  constructor(listen: Listener) {
    this.listen = listen;
  }

  /** The name of the program that does the commands and exits with 0. */
  nameOf(commands: readonly Command[]): string {
    const name = `program${this.names.size}`;
    this.names.set(commands, name);
    this.programs[name] = (u) =>
      this.run(u, { va: [], writable: [], last: [], children: [] }, commands);
    this.nameImages(commands);
    return name;
  }

  private nameImages(commands: readonly Command[]): void {
    for (const command of commands) {
      if (command.do === 'exec') this.nameOf(command.image);
      if (command.do === 'fork') this.nameImages(command.child);
    }
  }

  private *run(u: Context, k: Known, commands: readonly Command[]): Part<number> {
    for (const command of commands) this.listen(command, yield* this.one(u, k, command));
    return 0;
  }

  private *one(u: Context, k: Known, command: Command): Part<number> {
    switch (command.do) {
      case 'open':
        return yield* shm_open(u, command.name);
      case 'trunc':
        return shm_trunc(u, command.od, command.size) ?? (yield);
      case 'map':
        return yield* map(u, k, command);
      case 'close':
        return yield* close(u, k, command.od);
      case 'read':
      case 'add':
        return yield* touch(u, k, command);
      case 'stray':
        return yield* stray(u, k, command.od);
      case 'sbrk':
        return yield* grow(u, command.pages);
      case 'kill':
        return kill(u, k.children.at(-1) ?? 0) ?? (yield);
      case 'wait':
        return wait(u) ?? (yield);
      case 'exec': {
        const name = this.names.get(command.image) ?? '';
        return yield* exec(u, name, [name]);
      }
      case 'exit':
        return exit(u, 3) ?? (yield);
      case 'fork':
        return yield* this.fork(u, k, command);
    }
  }

  private *fork(u: Context, k: Known, command: Command & { do: 'fork' }): Part<number> {
    const pid = fork(u) ?? (yield);
    if (pid === 0) {
      yield* this.run(u, { ...k, children: [] }, command.child);
      exit(u, 0) ?? (yield);
    }
    if (pid > 0) k.children.push(pid);
    if (pid > 0 && command.waits) wait(u) ?? (yield);
    return pid;
  }
}

function* map(u: Context, k: Known, command: Command & { do: 'map' }): Part<number> {
  const { od, flags, bad } = command;
  const answer = u.ecall(SYS_shm_map, od, bad ? GUARDPAGE : POINTER, flags) ?? (yield);
  if (answer !== 0) return answer;
  const va = u.load(POINTER) ?? (yield);
  k.va[od] = va;
  k.last[od] = va;
  k.writable[od] = flags === O_RDWR;
  return va;
}

function* close(u: Context, k: Known, od: number): Part<number> {
  const answer = shm_close(u, od) ?? (yield);
  if (answer === 0) k.va[od] = 0;
  return answer;
}

/** In the first page of a mapping, which is there whatever the size. */
function* touch(u: Context, k: Known, command: Command & { do: 'read' | 'add' }): Part<number> {
  const va = k.va[command.od] ?? 0;
  if (va === 0) return -1;
  const at = va + 4 * command.word;
  if (command.do === 'read' || k.writable[command.od] !== true) return u.load(at) ?? (yield);
  return u.fetchAdd(at, 1) ?? (yield);
}

function* stray(u: Context, k: Known, od: number): Part<number> {
  const va = k.last[od] ?? 0;
  return va === 0 ? -1 : (u.load(va) ?? (yield));
}

/** Moves the heap's end, but never into the image, where the program keeps its pointers. */
function* grow(u: Context, pages: number): Part<number> {
  const end = sbrk(u, 0) ?? (yield);
  return end + 4096 * pages < IMAGEEND ? -1 : (sbrk(u, 4096 * pages) ?? (yield));
}
