import type { MemoryModel } from './store-buffers.ts';

export interface MachineConfig {
  /** 1 to 64. */
  readonly cpus: number;
  /** Frames of physical memory after the kernel's data, at least 1. */
  readonly frames: number;
  /** Blocks of a disk in memory, a frame's size each; none when left out. */
  readonly diskBlocks?: number;
  /** Operations between two timer interrupts of a CPU; 0 for a machine without timers. */
  readonly tickInterval: number;
  /** Timer interrupts of each CPU that come whenever the scheduler chooses; none when left out. */
  readonly ticks?: number;
  /** Operations after which an execution ends as 'steps'. */
  readonly stepsMax: number;
  /** Default `sc`. */
  readonly memory?: MemoryModel;
  /** Stores that the buffer of a CPU holds at most; as many as there are when left out. */
  readonly storesMax?: number;
}
