import type { DetectorKind } from './detector.ts';
import { states } from './xv6/sleepers.ts';

/**
 * The step limit. Can report what is no bug: a run that would have ended a step later. The limit is
 * the user's (`--steps-max`), and the report names it. Costs nothing.
 */
export const endless: DetectorKind = {
  name: 'endless',
  summary: 'the run did not end within the step limit',
  make: ({ m, kernel }) => ({
    name: 'endless',
    ended(ending) {
      if (ending !== 'steps') return undefined;
      const detail =
        kernel === undefined
          ? m.threads
              .filter((t) => !t.ended)
              .map(
                (t) =>
                  `${t.name} ${m.isEnabled(t) ? 'goes on' : 'waits'} at ${t.describeIn(m.layout)}`,
              )
          : states(kernel);
      const title = `endless run: still going after ${m.config.stepsMax.toLocaleString('en')} steps`;
      return { detector: 'endless', title, detail, step: m.step };
    },
  }),
};
