import type { Board } from '../../riscv/board.ts';
import { type Hart, USER } from '../../riscv/hart.ts';
import type { Symbols } from '../../riscv/symbols.ts';
import { EXIT } from '../errors.ts';
import { clip, plural, printable } from '../text.ts';
import type { Screen } from './screen.ts';

/**
 * How an execution ended: all lines are typed and the shell prompts again; what was waited for was
 * printed; a line told of a fault; the limit; nothing is left that could happen; Ctrl-C.
 */
export type KernelEnding = 'prompt' | 'until' | 'failed' | 'limit' | 'waits' | 'interrupted';

export interface KernelVerdict {
  /** What a finding is called in a trace; undefined when nothing was found. */
  readonly finding: 'printed' | 'limit' | 'waits' | undefined;
  /** One line. */
  readonly title: string;
  /** Processes that the kernel killed; where each hart stands, for an execution that came to nothing. */
  readonly detail: readonly string[];
  readonly exitCode: number;
}

/** What names places in the kernel's code. */
export interface Places {
  readonly symbols: Symbols;
  /** `kernel/proc.c:451`, where it is known. */
  readonly lineOf: (address: number) => string | undefined;
}

const TITLE_MOST = 400;

/** Says how a finding reads that is a line of the guest's. */
export function printedTitle(line: string): string {
  return `it printed ${clip(printable(line), TITLE_MOST)}`;
}

export function verdictOf(
  ending: KernelEnding,
  board: Board,
  screen: Screen,
  places: Places,
): KernelVerdict {
  const line = screen.failed ?? screen.line;
  const { killed } = screen;
  const kills = killed === 0 ? [] : [`the kernel killed ${plural(killed, 'process', 'processes')}`];
  const nothing = { finding: undefined, detail: kills, exitCode: EXIT.ok } as const;
  const stuck = {
    detail: [...kills, ...standing(board, places)],
    exitCode: EXIT.finding,
  } as const;
  switch (ending) {
    case 'prompt':
      return { ...nothing, title: 'nothing found: the shell prompts again' };
    case 'until':
      return { ...nothing, title: `nothing found: ${printedTitle(line)}` };
    case 'interrupted':
      return { ...nothing, title: 'interrupted', exitCode: EXIT.interrupted };
    case 'failed':
      return {
        finding: 'printed',
        title: printedTitle(line),
        detail: kills,
        exitCode: EXIT.finding,
      };
    case 'waits':
      return { ...stuck, finding: 'waits', title: 'all CPUs wait, and nothing can wake them' };
    case 'limit':
      return { ...stuck, finding: 'limit', title: 'still running at the limit' };
  }
}

function standing({ harts }: Board, places: Places): string[] {
  return harts.map((hart) => `CPU ${hart.id} ${placeOf(hart, places)}`);
}

const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');

/** Where a hart stands, by function where that is known. */
function placeOf({ pcLo, pcHi, privilege }: Hart, { symbols, lineOf }: Places): string {
  const at = `at 0x${hex(pcHi)}${hex(pcLo)}`;
  if (privilege === USER) return `${at} of a user program`;
  const pc = (pcHi >>> 0) * 2 ** 32 + (pcLo >>> 0);
  const symbol = symbols.at(pc);
  if (symbol === undefined) return at;
  const line = lineOf(pc);
  const where = `in ${printable(symbol.name)}+0x${(pc - symbol.address).toString(16)}`;
  return line === undefined ? where : `${where} (${printable(line)})`;
}
