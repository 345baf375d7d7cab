import type { BareOptions } from '../../machine/bare.ts';
import type { Cell } from '../../machine/bare-parts.ts';
import { type Model, model } from './model.ts';

/**
 * A litmus test: threads apart by `||`, each a list of accesses to x, y or z, `Wx1` to store 1, `Rx` to
 * load, `Ux1` to exchange, `F` for a fence. Names and programs are those of Alglave, Maranget and Tautschnig, Herding Cats, TOPLAS 36(2),
 * 2014.
 */
export function litmus(text: string, options: BareOptions = {}): Model {
  return model(({ cell, thread, fence }) => {
    const cells: Record<string, Cell> = { x: cell('x'), y: cell('y'), z: cell('z') };
    for (const [i, accesses] of text.split('||').entries()) {
      thread(`p${i}`, function* (see) {
        for (const access of accesses.trim().split(' ')) {
          if (access === 'F') {
            fence() ?? (yield);
            continue;
          }
          const at = cells[access[1] as string] as Cell;
          if (access[0] === 'R') see(at.name, at.load() ?? (yield));
          else if (access[0] === 'U') at.exchange(Number(access[2])) ?? (yield);
          else at.store(Number(access[2])) ?? (yield);
        }
      });
    }
  }, options);
}

/**
 * Number of traces, by name. In the tests for a cycle of n conflicting pairs each pair can be either
 * way round but for the one combination that sequential consistency forbids: 2^n - 1.
 */
export const LITMUS: readonly (readonly [name: string, text: string, traces: number])[] = [
  ['SB', 'Wx1 Ry || Wy1 Rx', 3],
  ['MP', 'Wx1 Wy1 || Ry Rx', 3],
  ['LB', 'Rx Wy1 || Ry Wx1', 3],
  ['R', 'Wx1 Wy1 || Wy2 Rx', 3],
  ['S', 'Wx2 Wy1 || Ry Wx1', 3],
  ['2+2W', 'Wx2 Wy1 || Wy2 Wx1', 3],
  ['3.SB', 'Wx1 Ry || Wy1 Rz || Wz1 Rx', 7],
  ['3.LB', 'Rx Wy1 || Ry Wz1 || Rz Wx1', 7],
  ['WRC', 'Wx1 || Rx Wy1 || Ry Rx', 7],
  ['ISA2', 'Wx1 Wy1 || Ry Wz1 || Rz Rx', 7],
  ['RWC', 'Wx1 || Rx Ry || Wy1 Rx', 7],
  ['W+RWC', 'Wx1 Wy1 || Ry Rz || Wz1 Rx', 7],
  ['IRIW', 'Wx1 || Wy1 || Rx Ry || Ry Rx', 15],
  ['CoRR', 'Wx1 || Rx Rx', 3],
  ['CoWW', 'Wx1 Wx2 || Rx', 3],
  ['CoRW1', 'Rx Wx1 || Rx', 2],
  ['CoWR', 'Wx1 Rx || Wx2', 3],
  ['CoRW2', 'Rx Wx1 || Wx2', 3],
];
