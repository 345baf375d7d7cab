import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffTraces } from '../traces/diff.ts';
import { readTrace } from '../traces/reader.ts';
import { contents, join, recording, told, write } from './recordings.ts';

it('what is written is what is read', () => {
  fc.assert(
    fc.property(recording, (recorded) => {
      const trace = readTrace(join(write(recorded)));
      expect(trace.damage).toEqual([]);
      expect(trace.missing).toEqual([]);
      expect(trace.header).toEqual(recorded.header);
      expect(trace.end).toEqual(recorded.end);
      expect(contents(trace)).toEqual(told(recorded));
      expect([...trace.choices]).toEqual(told(recorded).choices);
      expect(trace.choices.length).toBe(told(recorded).choices.length);
      expect(trace.choices.completeUntil).toBe(Number.POSITIVE_INFINITY);
      expect(trace.eventCount).toBe(told(recorded).events.length);
    }),
  );
});

it('a cursor visits the same switches as iterating', () => {
  fc.assert(
    fc.property(recording, (recorded) => {
      const { choices } = readTrace(join(write(recorded)));
      const visited = [];
      for (const cursor = choices.cursor(); cursor.lane !== -1; cursor.next()) {
        visited.push({ step: cursor.step, lane: cursor.lane });
      }
      expect(visited).toEqual([...choices]);
    }),
  );
});

it('the same recording is the same bytes, and differs in nothing', () => {
  fc.assert(
    fc.property(recording, (recorded) => {
      const first = join(write(recorded));
      const second = join(write(recorded));
      expect(second).toEqual(first);
      expect(diffTraces(readTrace(first), readTrace(second))).toBeUndefined();
    }),
  );
});
