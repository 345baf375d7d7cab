import { expect, it } from 'vitest';
import { cpuOfLane, laneKind, laneText, plainLanes, timerLane } from './lanes.ts';

it('lanes are the CPUs, then their timers, then the store buffers', () => {
  const lanes = [0, 1, 2, 3, 4, 5];
  expect(lanes.map((lane) => laneKind(lane, 2))).toEqual(
    'cpu cpu timer timer buffer buffer'.split(' '),
  );
  expect(lanes.map((lane) => cpuOfLane(lane, 2))).toEqual([0, 1, 0, 1, undefined, undefined]);
  expect([timerLane(1, 2), plainLanes(2)]).toEqual([3, 4]);
});

it('what a store buffer lets go is not taken for a timer', () => {
  expect([1, 3, 5].map((lane) => laneText(lane, 2))).toEqual([
    'cpu 1',
    'timer of cpu 1',
    'store buffer 1',
  ]);
});
