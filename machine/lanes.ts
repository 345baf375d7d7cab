/**
 * What the scheduler switches between, by number: the CPUs, then the timer of each, then whatever the
 * store buffers of the CPUs let go. A bare program has a CPU, and so a lane, for each thread.
 */
export type LaneKind = 'cpu' | 'timer' | 'buffer';

export function laneKind(lane: number, cpus: number): LaneKind {
  if (lane < cpus) return 'cpu';
  return lane < 2 * cpus ? 'timer' : 'buffer';
}

/** The lane of a CPU's timer. */
export function timerLane(cpu: number, cpus: number): number {
  return cpus + cpu;
}

/** Lanes before those of store buffers. */
export function plainLanes(cpus: number): number {
  return 2 * cpus;
}

/** The CPU that a lane is, or is the timer of; undefined for a lane of a store buffer. */
export function cpuOfLane(lane: number, cpus: number): number | undefined {
  return lane < 2 * cpus ? lane % cpus : undefined;
}

/** A lane in words: `cpu 1`, `timer of cpu 1`, `store buffer 3`: which of all that there are. */
export function laneText(lane: number, cpus: number): string {
  const cpu = cpuOfLane(lane, cpus);
  if (cpu === undefined) return `store buffer ${lane - 2 * cpus}`;
  return lane < cpus ? `cpu ${cpu}` : `timer of cpu ${cpu}`;
}
