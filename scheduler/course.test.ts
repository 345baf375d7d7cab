import { describe, expect, it } from 'vitest';
import type { BareProgram } from '../machine/bare.ts';
import { philosophers, race } from '../property-tests/bare-programs.ts';
import { Course } from './course.ts';
import { Dfs } from './search/dfs.ts';
import { RoundRobin } from './strategies/round-robin.ts';
import { type Segment, Segments } from './strategies/segments.ts';
import type { Strategy } from './strategy.ts';

function course(program: BareProgram, strategy: Strategy, stepsMax = 1_000): Course {
  const taken = new Course(strategy, stepsMax);
  taken.begin(0, program.lanes.length);
  program.run(taken);
  taken.finish(program.machine.step);
  return taken;
}

const text = (list: readonly Segment[]) => list.map(({ lane, steps }) => `${lane}-${steps}`).join();

describe('the course of an execution', () => {
  const { program } = race(false);

  it('is the segments that lead to it, each with the start of its thread', () => {
    const list = [
      { lane: 1, steps: 2 },
      { lane: 0, steps: 3 },
    ];
    const { stretches, preemptions } = course(program, new Segments(list));
    expect(text(stretches)).toBe('1-2,0-3,1-1');
    expect(stretches.map(({ preempts }) => preempts)).toEqual([false, true, false]);
    expect(preemptions).toBe(1);
  });

  it('counts no switch from or to a thread that only starts', () => {
    // A search lets all threads start first.
    const { stretches, preemptions } = course(program, new Dfs({ preemptions: 0 }));
    expect([text(stretches), preemptions]).toEqual(['0-3,1-3', 0]);
    expect(program.machine.step).toBe(6);
  });

  it('says which segments no list needs to name', () => {
    const natural = course(program, new Segments([]));
    expect(natural.stretches.map(({ isChosen }) => isChosen)).toEqual([false, false]);
    const other = course(program, new Segments([{ lane: 1, steps: 9 }]));
    expect(other.stretches.map(({ isChosen }) => isChosen)).toEqual([true, false]);
  });

  it('counts no switch away from a thread that has to wait', () => {
    const { program: table } = philosophers(2);
    const { stretches, preemptions } = course(table, new Segments([{ lane: 1, steps: 2 }]));
    expect(stretches.filter(({ preempts }) => preempts)).toHaveLength(preemptions);
    expect(stretches.length - 1).toBeGreaterThanOrEqual(preemptions);
  });

  it('ends where it is told to', () => {
    const { isCut } = course(program, new Segments([]), 4);
    expect([isCut, program.machine.step, program.machine.ending]).toEqual([true, 4, 'stopped']);
  });

  it('run again as segments is the same', () => {
    for (let seed = 0; seed < 30; seed++) {
      const walk = new RoundRobin();
      const first = new Course(Object.assign(walk, { asksAlways: true }), 1_000);
      first.begin(seed, program.lanes.length);
      program.run(first);
      first.finish(program.machine.step);
      const again = course(program, new Segments(first.stretches));
      expect(text(again.stretches)).toBe(text(first.stretches));
      expect(again.preemptions).toBe(first.preemptions);
    }
  });
});
