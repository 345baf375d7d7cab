import { describe, expect, it } from 'vitest';
import { type Move, stepsOf } from './steps.ts';

const move = (verb: Move['verb'], a = 0, b = 0, who: Move['who'] = 'both'): Move => ({
  who,
  verb,
  a,
  b,
});

describe('the steps of a process', () => {
  it('use the descriptors that its opens answer, the lowest that is free', () => {
    const moves = [
      move('open'),
      move('open', 2),
      move('close', 0),
      move('trunc', 0),
      move('open', 3),
      move('map', 1),
    ];
    expect(stepsOf(moves)).toEqual([
      'open:a',
      'open:b',
      'close:0',
      'trunc:1:4096',
      'open:c',
      'map:0',
    ]);
  });

  it('touch what is mapped, and of four times once what is gone', () => {
    const moves = [move('open'), move('map'), move('touch'), move('close'), move('add', 3, 2)];
    expect(stepsOf(moves)).toEqual(['open:a', 'map:0', 'touch:0:0', 'close:0', 'add:0:1:1']);
  });

  it('leave out an access to what never was', () => {
    expect(stepsOf([move('add'), move('heap'), move('wait', 0, 0, 'parent')])).toEqual(['p/wait']);
  });
});
