import type { Cpu } from './cpu.ts';
import type { Driver } from './driver.ts';
import * as op from './operation.ts';
import type { Thread } from './thread.ts';
import { goesOnAt, waitsForWord } from './traits.ts';

/** Whether a parked thread could perform its operation now. */
export function isEnabled(m: Driver, thread: Thread): boolean {
  const { buffers } = m;
  if (buffers !== null && thread.cpu !== null) {
    if (buffers.holdsBack(thread.cpu.id, thread.kind, thread.a, thread.b)) return false;
  }
  switch (thread.kind) {
    case op.COND_WAKE:
      return thread.ticket === 0 && m.words[thread.b] === 0;
    case op.WFI: {
      const cpu = thread.cpu as Cpu;
      return m.runLine > 0 || (m.timeWaiters > 0 && cpu.id === 0 && m.step >= cpu.timerAt);
    }
    case op.BARRIER_PASS:
      return thread.ticket === 0;
    case op.ENDED:
      return false;
    default:
      return (
        !waitsForWord(thread.kind) || goesOnAt(thread.kind, m.words[thread.a] as number, thread.b)
      );
  }
}

/** An idle CPU is woken by its timer through `wfi`, then interrupted where the idle loop allows it. */
export function isInterruptible(cpu: Cpu): boolean {
  return cpu.interruptsOn && cpu.thread !== null && cpu.thread.kind !== op.WFI;
}

/** The next step at which something happens by itself: a timer, or the end. */
export function deadlineOf({ config, cpus, step }: Driver): number {
  let first = config.stepsMax;
  if (config.tickInterval === 0) return first;
  for (const { timerAt } of cpus) if (timerAt > step && timerAt < first) first = timerAt;
  return first;
}
