import { describe, expect, test } from 'vitest';
import type { LifeEvent } from '../../traces/trace.ts';
import { LifeLines } from './life-text.ts';

const life = (
  state: string,
  step: number,
  pid = 2,
  count = 0,
  object = 'segment 3',
): LifeEvent => ({
  kind: 'life',
  step,
  cpu: 0,
  pid,
  object,
  state,
  count,
});

function linesOf(events: readonly LifeEvent[]): string[] {
  const lives = new LifeLines();
  for (const event of events) lives.see(event);
  return lives.lines();
}

describe('a life line', () => {
  test('tells the states of an object with step, process and mappings', () => {
    expect(
      linesOf([
        life('created', 10),
        life('attached', 1_220, 2, 1),
        life('attached', 1_300, 3, 2),
        life('destroyed', 2_000, 3),
      ]),
    ).toEqual([
      'life of segment 3\n' +
        '  created at 10 by pid 2 → attached at 1,220 by pid 2 → attached at 1,300 by pid 3 (2) →\n' +
        '  destroyed at 2,000 by pid 3',
    ]);
  });

  test('is one for each object', () => {
    expect(linesOf([life('created', 1), life('created', 2, 2, 0, 'segment 4')])).toEqual([
      'life of segment 3\n  created at 1 by pid 2',
      'life of segment 4\n  created at 2 by pid 2',
    ]);
  });

  test('is one for each of several objects that had one name', () => {
    const events = [life('created', 1), life('destroyed', 2), life('created', 3)];
    expect(linesOf(events)).toEqual([
      'life of segment 3\n  created at 1 by pid 2 → destroyed at 2 by pid 2',
      'life of segment 3\n  created at 3 by pid 2',
    ]);
  });

  test('of a long life leaves the middle out', () => {
    const [line = ''] = linesOf(Array.from({ length: 1000 }, (_, i) => life('attached', i)));
    expect(line).toContain('attached at 11 by pid 2 → … 976 states … →');
    expect(line).toMatch(/attached at 988 by pid 2 →[\s\S]*attached at 999 by pid 2$/);
    for (const each of line.split('\n')) expect(each.length).toBeLessThanOrEqual(100);
  });

  test('is not made for more objects than fit, which are counted', () => {
    const events = Array.from({ length: 70 }, (_, i) => life('created', i, 2, 0, `segment ${i}`));
    expect(linesOf(events)).toHaveLength(65);
    expect(linesOf(events).at(-1)).toBe('and 6 more objects');
  });
});
