import { KernelPanic } from '../../kernel/panic.ts';
import type { DetectorKind } from './detector.ts';

/** The kernel's own checks. Cannot be wrong: the kernel said so itself. Costs nothing. */
export const panic: DetectorKind = {
  name: 'panic',
  summary: 'the kernel panicked',
  make: () => ({
    name: 'panic',
    threw(error) {
      if (!(error instanceof KernelPanic)) return undefined;
      const who = error.pid === 0 ? 'the scheduler loop' : `pid ${error.pid}`;
      return {
        detector: 'panic',
        title: `kernel panic: ${error.message}`,
        detail: [`on CPU ${error.cpu} in ${who}`],
        step: error.step,
      };
    },
  }),
};
