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
    expect(stepsOf(moves, true)).toEqual([
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
    expect(stepsOf(moves, true)).toEqual(['open:a', 'map:0', 'touch:0:0', 'close:0', 'add:0:1:1']);
  });

  it('leave out an access to what never was', () => {
    expect(stepsOf([move('add'), move('heap'), move('wait', 0, 0, 'parent')], true)).toEqual([
      'p/wait',
    ]);
  });

  it('go by the number of the open for files, and touch the pages of the last mapping', () => {
    const moves = [
      move('file'),
      move('file', 2),
      move('fclose'),
      move('fwrite'),
      move('bump'),
      move('mmap', 1, 1),
      move('bump', 3),
    ];
    const steps = [
      'file:f:c',
      'file:g:c',
      'fclose:0',
      'fwrite:1:4096',
      'mmap:2:s:262143',
      'bump:1',
    ];
    expect(stepsOf(moves, true)).toEqual(steps);
  });

  it('map files, whose pages are then the ones to touch', () => {
    const moves = [move('file'), move('fbig', 0, 2), move('fmap', 0, 3), move('bump', 1)];
    const steps = ['file:f:c', 'fbig:0:3', 'fmap:0:r:2:0', 'bump:1'];
    expect(stepsOf(moves, true)).toEqual(steps);
  });

  it('wait for each other only where nobody is killed', () => {
    const moves = [move('lock'), move('shmat'), move('lock'), move('hand', 0, 1)];
    expect(stepsOf(moves, false)).toEqual(['shmat', 'lock', 'hand:2']);
    expect(stepsOf(moves, true)).toEqual(['shmat']);
  });

  it('say what must come of them where nobody else can change it', () => {
    const moves = [move('mark'), move('look'), move('echo'), move('back'), move('back', 1)];
    expect(stepsOf(moves, true)).toEqual(['mark=0', 'look=0', 'echo=0', 'back:s=0', 'back:l=0']);
  });

  it('kill, or meet at a word, where a kill could leave one waiting', () => {
    const moves = [move('kill'), move('kill', 3), move('shmat'), move('kill', 1)];
    expect(stepsOf(moves, true)).toEqual(['kill', 'kill:3', 'shmat', 'kill']);
    expect(stepsOf(moves, false)).toEqual([
      'meet:kill:own',
      'meet:kill:own',
      'shmat',
      'meet:moved:seg',
    ]);
  });
});
