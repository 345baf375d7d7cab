import { SLEEPING, STATE_NAMES, UNUSED } from '../../kernel/proc.ts';
import type { DetectorKind } from './detector.ts';

/**
 * The step limit. A run that would have ended a step later is reported too: the limit is the
 * user's (`--steps-max`), and the report names it. Costs nothing.
 */
export const endless: DetectorKind = {
  name: 'endless',
  summary: 'the run did not end within the step limit',
  make: (k) => ({
    name: 'endless',
    ended(ending) {
      if (ending !== 'steps') return undefined;
      const { m } = k;
      const detail = k.ptable.procs
        .filter((p) => m.words[p.state] !== UNUSED)
        .map((p) => {
          const state = m.words[p.state] as number;
          const where = state === SLEEPING ? ` on ${k.channelName(m.words[p.chan] as number)}` : '';
          return `pid ${m.words[p.pid]} ${p.image?.name ?? '?'}: ${STATE_NAMES[state]}${where}`;
        });
      const title = `endless run: still going after ${m.config.stepsMax.toLocaleString('en')} steps`;
      return { detector: 'endless', title, detail, step: m.step };
    },
  }),
};
