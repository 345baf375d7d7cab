import type { Board } from '../../riscv/board.ts';
import { expand } from '../../riscv/compressed.ts';
import { RAM_BASE } from '../../riscv/memory.ts';
import type { KernelSymbol, Symbols } from '../../riscv/symbols.ts';

/** CPUs that xv6 has room for (kernel/param.h). */
const NCPU = 8;
/** Bytes of a function that are searched. */
const CODE_MOST = 64;
const A0 = 10;

/** The process on each CPU, read from the kernel's memory by the names of its symbols. */
export class Processes {
  /** What a kernel lacks for this; undefined when nothing is missing. */
  readonly lack: string | undefined;
  private readonly board: Board;
  private readonly cpus: KernelSymbol | undefined;
  private readonly pidAt: number | undefined;

  constructor(board: Board, symbols: Symbols) {
    this.board = board;
    this.cpus = symbols.find('cpus');
    const getpid = symbols.find('sys_getpid');
    this.pidAt = getpid === undefined ? undefined : pidOffset(board, getpid);
    if (this.cpus === undefined) this.lack = 'no symbol cpus';
    else if (getpid === undefined) this.lack = 'no symbol sys_getpid';
    else if (this.pidAt === undefined) this.lack = 'no p->pid found in sys_getpid';
  }

  /** The pid of the process that a CPU runs; 0 for none, or when that is not known. */
  pidOn(hart: number): number {
    const { board, cpus, pidAt } = this;
    if (cpus === undefined || pidAt === undefined) return 0;
    // struct cpu begins with the process: kernel/proc.h.
    const proc = readWord(board, cpus.address + hart * (cpus.size / NCPU));
    return proc === undefined || proc === 0 ? 0 : (readWord(board, proc + pidAt) ?? 0);
  }
}

/** 32 bits of RAM, unsigned; undefined where there is no RAM. Kernel data is where its address says. */
export function readWord(board: Board, address: number): number | undefined {
  const offset = address - RAM_BASE;
  if (offset < 0 || offset % 4 !== 0) return undefined;
  const word = board.ram.words[offset / 4];
  return word === undefined ? undefined : word >>> 0;
}

/**
 * Where a process has its pid: `return myproc()->pid` is a call and then `lw a0, offset(a0)`, in every
 * version. So no debugging information is needed.
 */
function pidOffset({ ram }: Board, { address, size }: KernelSymbol): number | undefined {
  const start = address - RAM_BASE;
  const end = Math.min(start + Math.min(size, CODE_MOST), ram.size - 4);
  for (let at = start; at >= 0 && at < end; ) {
    const low = ram.halves[at >> 1]! & 0xffff;
    const isWide = (low & 3) === 3;
    const word = isWide ? low | (ram.halves[(at >> 1) + 1]! << 16) : expand(low);
    // lw, with a0 for both registers.
    if ((word & 0xfffff) === (0x2003 | (A0 << 7) | (A0 << 15))) return word >> 20;
    at += isWide ? 4 : 2;
  }
  return undefined;
}
