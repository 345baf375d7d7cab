import { describe, expect, it } from 'vitest';
import { BareProgram } from '../../machine/bare.ts';
import { Pct } from './pct.ts';

/** Two threads that add 1 without a lock: an update is lost if one switch falls inside a thread. */
function lostUpdate(): { program: BareProgram; value: () => number } {
  let value = (): number => 0;
  const program = new BareProgram(({ cell, thread }) => {
    const x = cell('x', 0);
    value = () => x.value;
    for (const name of ['a', 'b']) {
      thread(name, function* () {
        const v = x.load() ?? (yield);
        x.store(v + 1) ?? (yield);
      });
    }
  });
  return { program, value: () => value() };
}

function losses(strategy: Pct, executions: number): number {
  const { program, value } = lostUpdate();
  let lost = 0;
  for (let seed = 0; seed < executions; seed++) {
    strategy.begin(seed, program.lanes.length);
    program.run(strategy);
    if (value() === 1) lost++;
  }
  return lost;
}

describe('pct', () => {
  it('of depth 1 never switches where nobody blocks, so no update is lost', () => {
    expect(losses(new Pct(1, 6), 500)).toBe(0);
  });

  // n = 2 threads, k = 6 steps with the threads' starts: the bound is 1/(2·6) = 42 of 500, and the
  // chance to see fewer than 25 of them is below 0.3 %. Seeds are fixed, so this cannot flicker.
  it('of depth 2 loses an update at least as often as its bound says', () => {
    expect(losses(new Pct(2, 6), 500)).toBeGreaterThanOrEqual(25);
  });

  it('tells its options in its name, as a trace keeps them', () => {
    expect(new Pct(3, 250).name).toBe('pct:3,250');
  });
});
