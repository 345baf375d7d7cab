import type { ChoicePoint, Machine, Scheduler, Thread } from '../../machine/index.ts';
import * as op from '../../machine/operation.ts';
import { accesses, type Event, Waiters } from './dependency.ts';
import type { Model } from './model.ts';

/** One complete execution, the starts of its threads left out. */
export interface Execution {
  readonly events: readonly Event[];
  readonly final: string;
  /** Switches away from a thread that could have stepped. */
  readonly preemptions: number;
}

/**
 * Every complete execution of a program, one by one: an odometer over the choices of the last one.
 * It shares nothing with `enumerate` but what an operation accesses, and is there to check it.
 */
export function* everyExecution({ program, outcome }: Model): Generator<Execution> {
  const odometer = new Odometer();
  do {
    const walk = new EventLog(odometer, program.machine);
    const ending = program.run(walk);
    const words = program.machine.words.subarray(0, program.machine.layout.size).join();
    const blocked = program.blocked().map((b) => `${b.thread}: ${b.operation}`);
    const final = [ending, words, outcome(), ...blocked].join(' | ');
    yield { events: walk.events, final, preemptions: walk.preemptions };
  } while (odometer.advance());
}

/** Counts through the leaves of a tree that is only seen one path at a time. */
class Odometer {
  private digits: { value: number; base: number }[] = [];
  private at = 0;

  next(base: number): number {
    if (this.at === this.digits.length) this.digits.push({ value: 0, base });
    return (this.digits[this.at++] as { value: number }).value;
  }

  /** Answers whether there is another path. */
  advance(): boolean {
    this.at = 0;
    while (this.digits.length > 0) {
      const last = this.digits[this.digits.length - 1] as { value: number; base: number };
      if (++last.value < last.base) return true;
      this.digits.pop();
    }
    return false;
  }
}

class EventLog implements Scheduler {
  readonly asksAlways = true;
  readonly events: Event[] = [];
  preemptions = 0;
  private previous = -1;
  private readonly waiters = new Waiters();
  private readonly odometer: Odometer;
  private readonly machine: Machine;

  constructor(odometer: Odometer, machine: Machine) {
    this.odometer = odometer;
    this.machine = machine;
  }

  choose({ enabled: all, enabledCount }: ChoicePoint): Thread {
    const enabled = all.slice(0, enabledCount);
    const unstarted = enabled.find(({ kind }) => kind === op.START);
    if (unstarted !== undefined) return unstarted;
    const thread = enabled[this.odometer.next(enabledCount)] as Thread;
    const lane = thread.id;
    if (lane !== this.previous && enabled.some(({ id }) => id === this.previous)) {
      this.preemptions++;
    }
    this.previous = lane;
    this.events.push({ lane, accesses: accesses(this.machine, thread, lane, this.waiters) });
    this.waiters.perform(thread, lane);
    return thread;
  }
}
