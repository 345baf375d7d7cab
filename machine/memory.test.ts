import { describe, expect, it } from 'vitest';
import { Layout } from './layout.ts';
import { KERNPPN, Memory, PGWORDS } from './memory.ts';

function memory(words: number, frames: number): Memory {
  const layout = new Layout();
  layout.array('w', words);
  return new Memory(layout, frames);
}

describe('memory', () => {
  it('begins with the kernel data, and frames come behind its last page', () => {
    const m = memory(PGWORDS + 1, 3);
    expect(m.firstPpn).toBe(KERNPPN + 2);
    expect(m.endPpn).toBe(KERNPPN + 5);
    expect(m.isFrame(KERNPPN + 1)).toBe(false);
    expect(m.isFrame(m.firstPpn)).toBe(true);
    expect(m.isFrame(m.endPpn)).toBe(false);
  });

  it('finds the frame of each of its words', () => {
    const m = memory(1, 2);
    const first = m.frame(m.firstPpn);
    expect(m.ppnOf(first)).toBe(m.firstPpn);
    expect(m.ppnOf(first + PGWORDS - 1)).toBe(m.firstPpn);
    expect(m.ppnOf(first + PGWORDS)).toBe(m.firstPpn + 1);
  });

  it('fills a frame and nothing beside it', () => {
    const m = memory(1, 3);
    const ppn = m.firstPpn + 1;
    m.fill(ppn, 5);
    const bytes = m.frame(ppn) * 4;
    expect(m.bytes[bytes - 1]).toBe(0);
    expect(m.bytes.slice(bytes, bytes + 4096).every((byte) => byte === 5)).toBe(true);
    expect(m.bytes[bytes + 4096]).toBe(0);
  });

  it('has the blocks of a disk past its last frame, and restores those that were written', () => {
    const m = new Memory(new Layout(), 2, 3);
    expect(m.endPpn).toBe(m.firstPpn + 2);
    expect(m.block(0)).toBe(m.endPpn);
    expect(m.isFrame(m.block(2))).toBe(false);
    const last = m.frame(m.block(2)) + PGWORDS - 1;
    expect(last).toBe(m.words.length - 1);
    m.fill(m.block(2), 7);
    m.snapshot([]);
    m.touch(m.block(2));
    m.words[last] = 1;
    m.fill(m.block(1), 9);
    m.restore();
    expect(m.words[last]).toBe(0x07070707);
    expect(m.words[m.frame(m.block(1))]).toBe(0);
  });

  it('copies a frame', () => {
    const m = memory(1, 2);
    m.fill(m.firstPpn, 7);
    m.copyFrame(m.firstPpn, m.firstPpn + 1);
    expect(m.words[m.frame(m.firstPpn + 1) + 9]).toBe(0x07070707);
  });

  for (const words of [3, 100]) {
    it(`restores ${words} words of kernel data as the snapshot has them`, () => {
      const m = memory(words, 1);
      for (let i = 0; i < words; i++) m.words[i] = i * 3;
      m.snapshot([]);
      for (let i = 0; i < words; i++) m.words[i] = -1;
      m.restore();
      expect([...m.words.subarray(0, words)]).toEqual(
        Array.from({ length: words }, (_, i) => i * 3),
      );
    });
  }

  it('restores a frame in use every time, whoever wrote it', () => {
    const m = memory(1, 2);
    const at = m.frame(m.firstPpn) + 4;
    m.words[at] = 11;
    m.snapshot([m.firstPpn]);
    for (const value of [1, 2]) {
      m.words[at] = value;
      m.restore();
      expect(m.words[at]).toBe(11);
    }
  });

  it('restores a frame that was filled since the snapshot, and takes it to be private again', () => {
    const m = memory(1, 2);
    const ppn = m.firstPpn + 1;
    m.snapshot([]);
    m.fill(ppn, 9);
    m.setShared(ppn, true);
    m.restore();
    expect(m.words[m.frame(ppn)]).toBe(0);
    expect(m.isShared(ppn)).toBe(false);
  });

  it('refuses to restore what was never saved', () => {
    expect(() => memory(1, 1).restore()).toThrow('only after a snapshot');
  });

  it('has one digest for one state', () => {
    const m = memory(4, 1);
    m.snapshot([]);
    const before = m.digest(0);
    m.words[2] = 1;
    expect(m.digest(0)).not.toBe(before);
    m.restore();
    expect(m.digest(0)).toBe(before);
  });

  it('tells states apart that differ in the order of their values, or only in zeros', () => {
    const digests = new Set<number>();
    for (const values of [
      [0, 0, 1, 2],
      [0, 0, 2, 1],
      [1, 2, 0, 0],
      [0, 1, 0, 2],
      [0, 0, 0, 0],
    ]) {
      const m = memory(4, 1);
      m.words.set(values);
      m.snapshot([]);
      digests.add(m.digest(0));
    }
    expect(digests.size).toBe(5);
  });

  it('counts written frames in the digest', () => {
    const m = memory(1, 2);
    m.snapshot([]);
    const before = m.digest(0);
    m.fill(m.firstPpn, 1);
    expect(m.digest(0)).not.toBe(before);
  });
});
