import {
  type Code,
  type Ending,
  FETCH_ADD,
  INTR_OFF,
  INTR_ON,
  type Scheduler,
} from '../machine/index.ts';
import { LOCK, machineOf, start, X } from './rig.ts';

/** What happened on a machine with timers. */
export interface Ticks {
  readonly ending: Ending;
  readonly steps: number;
  readonly digest: number;
  readonly log: readonly string[];
}

/** CPUs that take a lock, and timers that interrupt them wherever interrupts are on. */
export function ticking(
  cpus: number,
  scheduler: Scheduler,
  onSwitch?: (step: number, lane: number) => void,
): Ticks {
  const m = machineOf({ cpus, tickInterval: 9, stepsMax: 3000 });
  const log: string[] = [];
  m.onSwitch = onSwitch ?? null;
  m.trapVector = (thread) =>
    (function* (): Code<void> {
      log.push(`${m.step} interrupts ${thread.name}`);
      m.do(FETCH_ADD, X, 100) ?? (yield);
    })();
  const code = function* (): Code<void> {
    for (let n = 0; n < 6; n++) {
      m.cpu.pushOff();
      m.acquire(LOCK) ?? (yield);
      const v = m.load(X) ?? (yield);
      log.push(`${m.step} ${m.current.name} loads ${v}`);
      m.store(X, v + 1) ?? (yield);
      m.release(LOCK) ?? (yield);
      m.do(INTR_OFF, 0) ?? (yield);
      m.load(X) ?? (yield);
      m.do(INTR_ON, 0) ?? (yield);
    }
  };
  start(m, ...Array.from({ length: cpus }, () => code));
  const ending = m.run(scheduler);
  return { ending, steps: m.step, digest: m.memory.digest(0), log };
}
