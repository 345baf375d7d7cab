import type { ChoicePoint, Code, Cpu, Scheduler } from '../machine/index.ts';
import { Layout, Machine, type MachineConfig, Thread } from '../machine/index.ts';

/* A machine without a kernel, for tests that give each CPU some code of their own. */

const layout = new Layout();
export const X = layout.word('x');
export const LOCK = layout.word('lock');

export function machineOf(config: Partial<MachineConfig>): Machine {
  const machine = new Machine(layout, {
    cpus: 2,
    frames: 8,
    tickInterval: 0,
    stepsMax: 1000,
    ...config,
  });
  machine.memory.snapshot([]);
  machine.reset();
  return machine;
}

/** Puts code on the next CPUs, with interrupts on as after a boot. */
export function start(machine: Machine, ...codes: (() => Code)[]): Thread[] {
  return codes.map((code, i) => {
    const id = machine.threads.length;
    const thread = new Thread(id, `t${id}`);
    machine.threads.push(thread);
    thread.begin(code());
    const cpu = machine.cpus[i] as Cpu;
    cpu.interruptsOn = true;
    machine.place(thread, cpu);
    return thread;
  });
}

/** The lowest lane, or the highest, for this many steps at a time. */
export function prefer(which: 'low' | 'high', lease = 1): Scheduler {
  return {
    choose(point: ChoicePoint): Thread {
      point.lease = lease;
      return point.enabled[which === 'low' ? 0 : point.enabledCount - 1] as Thread;
    },
  };
}
