import type { Exploration } from './exploration.ts';

/** Why a search proves nothing, though it found nothing. */
export type Incomplete =
  /** It ended before it had tried all that it was to try: its time, its executions, or Ctrl-C. */
  | { readonly kind: 'budget' }
  /** Executions that reached the step limit: what they would have shown is not known. */
  | { readonly kind: 'step-limit'; readonly executions: number }
  /**
   * A loop that may do something else in a later round, and was followed for so many. `place` is
   * `file:line:column` of the script that runs.
   */
  | { readonly kind: 'loop'; readonly place: string; readonly rounds: number }
  /** A generator is made and never run: what its author wrote there is in no execution. */
  | { readonly kind: 'never-run'; readonly text: string };

/**
 * Empty for a search that is complete, of a subject that runs what its author wrote, and for strategies
 * that draw, which claim nothing.
 */
export function incompleteOf(so: Exploration): readonly Incomplete[] {
  if (so.coverage.kind === 'sampled') return [];
  const reasons: Incomplete[] = so.doubts.flatMap(({ kind, text }) =>
    kind === 'never-run' ? [{ kind, text }] : [],
  );
  if (so.complete) return reasons;
  for (const loop of so.cutLoops) reasons.push({ kind: 'loop', ...loop });
  const { abandoned } = so;
  if (abandoned > 0) reasons.push({ kind: 'step-limit', executions: abandoned });
  if (!so.exhausted || reasons.length === 0) reasons.push({ kind: 'budget' });
  return reasons;
}
