import type { DetectorKind } from '../detectors/detector.ts';
import { DETECTORS } from '../detectors/index.ts';
import { UsageError } from './errors.ts';
import { didYouMean } from './nearest.ts';

/**
 * The detectors of these names, in their own order.
 *
 * @throws UsageError for a name that is none.
 */
export function selectDetectors(names: readonly string[] | undefined): readonly DetectorKind[] {
  if (names === undefined) return DETECTORS;
  const all = DETECTORS.map(({ name }) => name);
  for (const name of names) {
    if (all.includes(name)) continue;
    throw new UsageError(`no detector ${name}${didYouMean(name, all) || '; list shows them'}`);
  }
  return DETECTORS.filter(({ name }) => names.includes(name));
}
