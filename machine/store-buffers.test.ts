import { describe, expect, it } from 'vitest';
import { StoreBuffers } from './store-buffers.ts';

const [X, Y] = [1, 2];

/** Two CPUs; the first has stored 5 to x, and memory does not have it. */
function stored(most = 16): { buffers: StoreBuffers; words: Int32Array } {
  const buffers = new StoreBuffers('pso', 2, 8, most);
  const words = new Int32Array(8);
  buffers.enter(words, 0);
  buffers.push(words, 0, X, 5, -1);
  return { buffers, words };
}

describe('memory, while code of a CPU runs', () => {
  it('shows the stores of its own, and not those of others', () => {
    const { buffers, words } = stored();
    expect(words[X]).toBe(5);
    buffers.enter(words, 1);
    expect(words[X]).toBe(0);
    buffers.enter(words, 0);
    expect(words[X]).toBe(5);
    buffers.leave(words);
    expect(words[X]).toBe(0);
  });

  it('takes what is written past the buffer at once, but behind an older store to the word', () => {
    const { buffers, words } = stored();
    words[X] = 7;
    words[Y] = 8;
    buffers.enter(words, 1);
    expect([words[X], words[Y]]).toEqual([0, 8]);
    buffers.leave(words);
    const [drain] = buffers.drains.filter(({ a }) => a === X);
    buffers.drain(words, drain as never);
    expect(words[X]).toBe(5);
    buffers.drain(words, drain as never);
    expect(words[X]).toBe(7);
    expect(buffers.isEmpty(0)).toBe(true);
  });

  it('is shown with the stores of all to who checks rules, whose looking leaves no trace', () => {
    const { buffers, words } = stored();
    buffers.enter(words, 1);
    buffers.push(words, 1, Y, 6, -1);
    buffers.settle(words);
    expect([words[X], words[Y]]).toEqual([5, 6]);
    buffers.enter(words, 1);
    expect([words[X], words[Y]]).toEqual([0, 6]);
    buffers.leave(words);
    expect([words[X], words[Y]]).toEqual([0, 0]);
  });

  it('has it all when the power goes off', () => {
    const { buffers, words } = stored();
    buffers.push(words, 0, X, 9, 0xff);
    buffers.flush(words);
    expect(words[X]).toBe(9);
    expect(buffers.isEmpty(0)).toBe(true);
  });

  it('makes a store wait when the buffer is full', () => {
    const { buffers } = stored(1);
    const STORE = 3;
    expect(buffers.holdsBack(0, STORE, Y, 0)).toBe(true);
    expect(buffers.holdsBack(1, STORE, Y, 0)).toBe(false);
  });
});
