import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChoicePoint, Thread } from '../machine/index.ts';
import { Prng } from '../scheduler/prng.ts';
import { Replay } from '../scheduler/strategies/replay.ts';
import { STRATEGIES } from '../scheduler/strategies.ts';
import type { Strategy } from '../scheduler/strategy.ts';
import { SwitchLog } from '../scheduler/switch-log.ts';
import { bareProgram } from './bare-generator.ts';
import { ticking } from './ticking.ts';

/** Any thread, for a lease of any length: asks at moments that no other strategy would. */
class Whimsical implements Strategy {
  readonly name = 'whimsical';
  private readonly prng = new Prng();

  begin(seed: number): void {
    this.prng.seed(seed);
  }

  choose(point: ChoicePoint): Thread {
    point.lease = 1 + this.prng.below([1, 3, 40, 400][this.prng.below(4)] as number);
    return point.enabled[this.prng.below(point.enabledCount)] as Thread;
  }
}

const strategies: [string, () => Strategy][] = [
  ...[...STRATEGIES].map(([name, kind]): [string, () => Strategy] => [name, kind.make]),
  ['whimsical', () => new Whimsical()],
];

describe.each(strategies)('replay of an execution under %s', (_name, make) => {
  it('is the execution, for any bare program', () => {
    fc.assert(
      fc.property(bareProgram, fc.maxSafeInteger(), (told, seed) => {
        const { machine } = told.program;
        const log = new SwitchLog();
        machine.onSwitch = (step, lane) => log.push(step, lane);
        const strategy = make();
        strategy.begin(seed, told.lanes);
        const story = told.run(strategy);

        const again = new SwitchLog();
        machine.onSwitch = (step, lane) => again.push(step, lane);
        const replay = new Replay(log);
        replay.begin(0, told.lanes);
        expect(told.run(replay)).toEqual(story);
        expect(again).toEqual(log);
        replay.finish(story.steps);
      }),
    );
  });

  it('is the execution, for CPUs with timers', () => {
    const small = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(small, fc.maxSafeInteger(), (cpus, seed) => {
        const log = new SwitchLog();
        const strategy = make();
        strategy.begin(seed, 2 * cpus);
        const story = ticking(cpus, strategy, (step, lane) => log.push(step, lane));

        const again = new SwitchLog();
        const replay = new Replay(log, { cpus });
        replay.begin(0, 2 * cpus);
        expect(ticking(cpus, replay, (step, lane) => again.push(step, lane))).toEqual(story);
        expect(again).toEqual(log);
        replay.finish(story.steps);
      }),
    );
  });
});
