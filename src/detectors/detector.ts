import type { Kernel } from '../../kernel/kernel.ts';
import type { Ending } from '../../machine/index.ts';
import type { Finding } from '../finding.ts';

/**
 * Watches executions and reports findings. A detector reads the machine, never changes it, and
 * knows nothing of any planted bug. One that throws anything but a finding is a fault of ours.
 */
export interface Detector {
  readonly name: string;
  readonly summary: string;
  /** Called whenever a spinlock was released, with the lock's address. */
  released?(k: Kernel, lock: number): Finding | undefined;
  /** Called when the execution has ended by itself. */
  ended?(k: Kernel, ending: Ending): Finding | undefined;
  /** Called when guest code threw; answers undefined for what is not its business. */
  threw?(k: Kernel, error: unknown): Finding | undefined;
}
