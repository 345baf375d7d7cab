import { expect, it } from 'vitest';
import { limitsOfSchedule, parseSchedule, scheduleText, underLimitsOf } from './schedule.ts';

it('a schedule says the limits that it was found with, and is the same when it is read', () => {
  const segments = [
    { lane: 0, steps: 3 },
    { lane: 12, steps: 1 },
  ];
  expect(scheduleText(segments)).toBe('0-3.12-1');
  const text = scheduleText(segments, { tickInterval: 0, idleWaits: 1 });
  expect(text).toBe('tickInterval=0,idleWaits=1:0-3.12-1');
  expect(parseSchedule(text)).toEqual(segments);
  expect(limitsOfSchedule(text)).toEqual({ tickInterval: 0, idleWaits: 1 });
  expect(limitsOfSchedule('0-3.12-1')).toEqual({});
  expect(underLimitsOf(text, '1-1')).toBe('tickInterval=0,idleWaits=1:1-1');
  expect(underLimitsOf('0-3', '1-1')).toBe('1-1');
});

it.each(['speed=1:0-3', 'idleWaits:0-3', 'idleWaits=x:0-3', '=1:0-3'])(
  '%s is refused in a line',
  (text) => {
    expect(() => limitsOfSchedule(text)).toThrow(/^a kernel has no limit /);
  },
);
