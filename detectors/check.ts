import type { DetectorKind } from './detector.ts';
import { wrongIn } from './model.ts';

/**
 * What the author of a bare program says must hold when it has ended. As right as the author. Costs
 * one call an execution.
 */
export const check: DetectorKind = {
  name: 'check',
  summary: 'the check of a bare program fails',
  make: ({ m, model }) => {
    if (model?.check === undefined) return undefined;
    return {
      name: 'check',
      ended(ending) {
        const wrong = ending === 'halted' ? wrongIn(model) : undefined;
        if (wrong === undefined) return undefined;
        const { layout, words } = m;
        const cells = Array.from({ length: layout.size }, (_, word) => word);
        const detail = cells.map((word) => `${layout.nameOf(word)} = ${words[word]} in the end`);
        return { detector: 'check', title: wrong, detail, step: m.step, about: { words: cells } };
      },
    };
  },
};
