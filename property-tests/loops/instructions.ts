/**
 * A small language with explicit state, in which each loop is written a second time: the oracle
 * follows this text, the searches follow the JavaScript. Registers are local to a piece.
 */

/** A number, or the name of a register. */
export type Operand = number | string;

/** Operations are steps; all else belongs to the step before. A text alone is a label. */
export type Instruction =
  | string
  | readonly ['load', cell: number, to: string]
  | readonly ['store', cell: number, value: Operand]
  | readonly ['add', cell: number, value: Operand, to: string]
  | readonly ['exchange', cell: number, value: Operand, to: string]
  | readonly ['cas', cell: number, expected: Operand, desired: Operand, to: string]
  | readonly ['lock' | 'unlock']
  | readonly ['set', to: string, value: Operand]
  /** Adds one, up to a most: what a program does not tell apart is one state. */
  | readonly ['count', register: string, most: number]
  | readonly ['if', a: Operand, is: '=' | '!' | '<', b: Operand, label: string]
  | readonly ['go', label: string]
  | readonly ['see', value: Operand];

/** Instructions of a thread, with the registers and labels of its pieces apart. */
export interface Code {
  readonly list: readonly Exclude<Instruction, string>[];
  readonly labels: ReadonlyMap<string, number>;
  readonly registers: readonly string[];
}

/** The pieces one after the other; where one has ended its registers are 0 again. */
export function assemble(pieces: readonly (readonly Instruction[])[]): Code {
  const list: Exclude<Instruction, string>[] = [];
  const labels = new Map<string, number>();
  const registers = new Set<string>();
  const names = new Set(pieces.flatMap((piece) => piece.flatMap(registerOf)));
  for (const [i, piece] of pieces.entries()) {
    for (const each of piece) {
      if (typeof each === 'string') labels.set(`${i}${each}`, list.length);
      else if (each[0] === 'go') list.push(['go', `${i}${each[1]}`]);
      else if (each[0] === 'if') list.push(['if', each[1], each[2], each[3], `${i}${each[4]}`]);
      else list.push(each);
    }
    for (const name of names) list.push(['set', name, 0]);
  }
  for (const name of names) registers.add(name);
  return { list, labels, registers: [...registers] };
}

function registerOf(each: Instruction): string[] {
  if (typeof each === 'string') return [];
  switch (each[0]) {
    case 'load':
    case 'add':
    case 'exchange':
    case 'cas':
      return [each[each.length - 1] as string];
    case 'set':
    case 'count':
      return [each[1]];
    default:
      return [];
  }
}
