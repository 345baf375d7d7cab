import type { Kernel } from '../../kernel/kernel.ts';
import type { Detector } from '../detector.ts';
import type { Watched } from '../watched.ts';

/** How to make a detector that reads a kernel's tables. */
export function forKernel(
  make: (guest: Watched, k: Kernel) => Detector,
): (guest: Watched) => Detector | undefined {
  return (guest) => (guest.kernel === undefined ? undefined : make(guest, guest.kernel));
}
