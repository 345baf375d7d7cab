import { describe, expect, it } from 'vitest';
import type { MemoryModel } from '../machine/store-buffers.ts';
import { Dfs } from '../scheduler/search/dfs.ts';
import { Pct } from '../scheduler/strategies/pct.ts';
import { Pos } from '../scheduler/strategies/pos.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import { UniformWalk } from '../scheduler/strategies/urw.ts';
import { litmus } from './truth/litmus.ts';
import { weakOutcomes } from './truth/weak.ts';

/**
 * What each memory model lets loads see. `F` is a fence, `Ux1` an exchange. Numbers of outcomes: SB, MP
 * and LB as in Alglave, Maranget and Tautschnig, Herding Cats, TOPLAS 36(2), 2014.
 */
const ALLOWED: readonly [name: string, text: string, sc: number, tso: number, pso: number][] = [
  ['SB', 'Wx1 Ry || Wy1 Rx', 3, 4, 4],
  ['SB with fences', 'Wx1 F Ry || Wy1 F Rx', 3, 3, 3],
  ['SB with one fence', 'Wx1 F Ry || Wy1 Rx', 3, 4, 4],
  ['SB with exchanges', 'Ux1 Ry || Uy1 Rx', 3, 3, 3],
  ['MP', 'Wx1 Wy1 || Ry Rx', 3, 3, 4],
  ['MP with a fence', 'Wx1 F Wy1 || Ry Rx', 3, 3, 3],
  ['LB', 'Rx Wy1 || Ry Wx1', 3, 3, 3],
  ['CoRR', 'Wx1 || Rx Rx', 3, 3, 3],
  ['CoWR', 'Wx1 Rx || Wx2', 2, 2, 2],
  ['IRIW', 'Wx1 || Wy1 || Rx Ry || Ry Rx', 15, 15, 15],
];

const models: readonly MemoryModel[] = ['sc', 'tso', 'pso'];
const cases = ALLOWED.flatMap(([name, text, ...counts]) =>
  models.map((memory, i) => ({ name, text, memory, count: counts[i] as number })),
);

describe('what loads see through store buffers', () => {
  it.each(cases)('$name under $memory: $count outcomes, dfs finds each', (each) => {
    const truth = weakOutcomes(each.text, each.memory);
    expect(truth.size).toBe(each.count);
    expect(explored(each.text, each.memory, new Dfs())).toEqual(truth);
  });

  it('round-robin, whose turns have one order, sees nothing else', () => {
    const { program, outcome } = litmus('Wx1 Ry || Wy1 Rx', { memory: 'tso' });
    const truth = weakOutcomes('Wx1 Ry || Wy1 Rx', 'tso');
    const strategy = new RoundRobin();
    for (let seed = 1; seed <= 500; seed++) {
      strategy.begin(seed, program.machine.lanes);
      expect(program.run(strategy)).toBe('halted');
      expect(truth).toContain(outcome());
    }
  });

  it.each([
    ['random', () => new RandomWalk()],
    ['pct', () => new Pct(3, 20)],
    ['pos', () => new Pos()],
    ['urw', () => new UniformWalk()],
  ])('%s sees what only a store buffer shows, and nothing else', (_name, make) => {
    for (const [, text] of ALLOWED.filter(([name]) => name === 'SB' || name === 'MP')) {
      const { program, outcome } = litmus(text, { memory: 'pso' });
      const truth = weakOutcomes(text, 'pso');
      const seen = new Set<string>();
      const strategy = make();
      for (let seed = 1; seed <= 2_000; seed++) {
        strategy.begin(seed, program.machine.lanes);
        expect(program.run(strategy)).toBe('halted');
        seen.add(outcome());
      }
      expect(seen).toEqual(truth);
    }
  });
});

function explored(text: string, memory: MemoryModel, search: Dfs): Set<string> {
  const { program, outcome } = litmus(text, { memory });
  const seen = new Set<string>();
  do {
    search.begin(0, program.machine.lanes);
    expect(program.run(search)).toBe('halted');
    seen.add(outcome());
  } while (search.next());
  return seen;
}
