/** The machine as the rooms above see it. */

export type { MachineConfig } from './config.ts';
export { Cpu, NEVER } from './cpu.ts';
export * from './footprint.ts';
export { InternalError, invariant } from './invariant.ts';
export * from './lanes.ts';
export { Layout, NO_GUARD } from './layout.ts';
export { Machine } from './machine.ts';
export { type Listener, tell } from './meaning.ts';
export { KERNBASE, KERNPPN, PGSIZE, PGWORDS } from './memory.ts';
export * from './mmu.ts';
export * from './operands.ts';
export * from './operation.ts';
export { NotHolder, ProgramError, RunsAlready } from './program-error.ts';
export * from './seam.ts';
export { MEMORY_MODELS, type MemoryModel } from './store-buffers.ts';
export { ANSWER, type Code, type Resumable, Thread } from './thread.ts';
export * from './traits.ts';
export { WeakMachine } from './weak-machine.ts';
