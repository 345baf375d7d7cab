import type { Board } from '../../riscv/board.ts';
import { type Hart, SATP, SCAUSE, type TrapObserver, USER } from '../../riscv/hart.ts';
import { RAM_BASE } from '../../riscv/memory.ts';
import type { Symbols } from '../../riscv/symbols.ts';
import type { TraceWriter } from '../../traces/writer.ts';
import { Processes, readWord } from './processes.ts';

const CALL = 8;
const PAGE_FAULTS: readonly number[] = [12, 13, 15];
/** Timer interrupts: of Sstc, and what kernels before 2024 pass on from M-mode as a software interrupt. */
const TIMERS: readonly number[] = [5, 1];
const A0 = 10;
const A7 = 17;
/** Arguments of xv6's calls, `s` for a text; of others three are told. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  fork: '',
  exit: 'n',
  wait: 'n',
  pipe: 'n',
  read: 'nnn',
  kill: 'n',
  exec: 'sn',
  fstat: 'nn',
  chdir: 's',
  dup: 'n',
  getpid: '',
  sleep: 'n',
  pause: 'n',
  uptime: '',
  open: 'sn',
  write: 'nnn',
  mknod: 'snn',
  unlink: 's',
  link: 'ss',
  mkdir: 's',
  close: 'n',
};
const TEXT_MOST = 128;

/**
 * Writes system calls, page faults, timer interrupts and changes of the process into a trace. A change
 * is seen when user code goes on, not at `swtch`: what the kernel switches between on the way is not told.
 */
export class CallWatcher implements TrapObserver {
  readonly processes: Processes;
  private readonly board: Board;
  private readonly symbols: Symbols;
  private readonly writer: TraceWriter;
  /** By pid: the call that a process is in, or the address of its page fault. */
  private readonly inside = new Map<number, { readonly call: string; readonly fault?: string }>();
  /** By hart: the pid whose user code ran last. */
  private readonly last: number[];

  constructor(board: Board, symbols: Symbols, writer: TraceWriter) {
    this.board = board;
    this.symbols = symbols;
    this.writer = writer;
    this.processes = new Processes(board, symbols);
    this.last = board.harts.map(() => 0);
    for (const hart of board.harts) hart.observer = this;
  }

  trapped(hart: Hart, cause: number, isInterrupt: boolean): void {
    const step = this.board.executed;
    if (isInterrupt) {
      if (TIMERS.includes(cause)) this.writer.irq(step, hart.id);
      return;
    }
    if (hart.privilege !== USER) return;
    const pid = this.processes.pidOn(hart.id);
    if (cause === CALL) {
      const call = this.nameOf(hart.x[2 * A7]!);
      this.writer.enter(step, hart.id, pid, call, this.argumentsOf(hart, call));
      if (pid !== 0) this.inside.set(pid, { call });
    } else if (PAGE_FAULTS.includes(cause) && pid !== 0) {
      const fault = `0x${hex(hart.hi)}${hex(hart.lo)}`;
      this.inside.set(pid, { call: '', fault });
    }
  }

  entersUser(hart: Hart): void {
    const { id } = hart;
    const step = this.board.executed;
    const pid = this.processes.pidOn(id);
    const before = this.last[id]!;
    if (pid !== before) {
      this.writer.switched(step, id, before, pid, 'goes on');
      this.last[id] = pid;
    }
    const left = this.inside.get(pid);
    if (left === undefined) return;
    this.inside.delete(pid);
    if (left.fault === undefined) {
      this.writer.exit(step, id, pid, left.call, value(hart, A0));
    } else {
      const scause = hart.c[SCAUSE]!;
      this.writer.page(step, id, pid, scause, left.fault, 'handled');
    }
  }

  /** What the kernel calls a system call: the function that its table `syscalls` has for it. */
  private nameOf(number: number): string {
    const unknown = `call ${number}`;
    const table = this.symbols.find('syscalls');
    if (table === undefined || number < 0 || 8 * number >= table.size) return unknown;
    const code = readWord(this.board, table.address + 8 * number);
    const name = code === undefined ? undefined : this.symbols.at(code)?.name;
    return name === undefined ? unknown : name.replace(/^sys_/, '');
  }

  private argumentsOf(hart: Hart, call: string): (number | string)[] {
    return [...(ARGUMENTS[call] ?? 'nnn')].map((kind, index) => {
      const number = value(hart, A0 + index);
      return kind === 's' ? (this.textAt(hart, number) ?? number) : number;
    });
  }

  /** A text of the user's; undefined when it is not there, or not printable. */
  private textAt(hart: Hart, address: number): string | undefined {
    let text = '';
    for (let at = address; text.length < TEXT_MOST; at++) {
      const place = placeOf(this.board, hart, at);
      const byte = place === undefined ? undefined : this.board.ram.bytes[place];
      if (byte === 0) return text;
      if (byte === undefined || byte < 32 || byte > 126) return undefined;
      text += String.fromCharCode(byte);
    }
    return `${text}…`;
  }
}

const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');

/** A register as a signed number, as exact as a double is. */
function value({ x }: Hart, register: number): number {
  const number = x[2 * register + 1]! * 2 ** 32 + (x[2 * register]! >>> 0);
  return Number.isSafeInteger(number) ? number : Math.sign(number) * Number.MAX_SAFE_INTEGER;
}

/** Where in RAM a user address is, by Sv39; nothing is marked as accessed. */
function placeOf(board: Board, { c }: Hart, address: number): number | undefined {
  if (!(address >= 0 && address < 2 ** 38)) return undefined;
  let table = (((c[SATP]! >>> 0) + (c[SATP + 1]! & 0xfff) * 2 ** 32) % 2 ** 44) * 4096;
  for (let level = 2; level >= 0; level--) {
    const span = 4096 * 512 ** level;
    const entry = table + 8 * (Math.floor(address / span) % 512);
    const low = readWord(board, entry);
    const high = readWord(board, entry + 4);
    if (low === undefined || high === undefined || (low & 1) === 0) return undefined;
    const target = (Math.floor(low / 1024) + (high & 0x3fffff) * 2 ** 22) * 4096;
    if ((low & 14) !== 0) return target + (address % span) - RAM_BASE;
    table = target;
  }
  return undefined;
}
