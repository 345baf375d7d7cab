import type { Command } from 'commander';
import { MUTANTS } from '../../kernel/mutants.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { SEARCHES } from '../../scheduler/searches.ts';
import { STRATEGIES } from '../../scheduler/strategies.ts';
import { PROGRAMS } from '../../user/programs/index.ts';
import { DETECTORS } from '../detectors/index.ts';
import { wrap } from '../report/text.ts';
import { examples } from './options.ts';
import type { Shell } from './shell.ts';

type Kind = 'program' | 'scenario' | 'strategy' | 'detector' | 'mutant';

interface Item {
  readonly kind: Kind;
  readonly name: string;
  readonly summary: string;
  /** Of programs: their arguments. */
  readonly usage?: string;
}

const HEADINGS: Readonly<Record<Kind, string>> = {
  program: 'Programs',
  scenario: 'Scenarios',
  strategy: 'Strategies',
  detector: 'Detectors',
  mutant: 'Mutants',
};

function items(): Item[] {
  const programs = Object.entries(PROGRAMS)
    // init is always there and is not run by name.
    .filter(([name]) => name !== 'init')
    .map(([name, { summary, usage }]): Item => ({ kind: 'program', name, summary, usage }));
  const scenarios = Object.entries(SCENARIOS).map(
    ([name, { summary }]): Item => ({ kind: 'scenario', name, summary }),
  );
  const deepen = { summary: 'dpor with bounds and focuses from narrow to none: see explore' };
  const strategies = [...STRATEGIES, ...SEARCHES, ['deepen', deepen] as const].map(
    ([name, { summary }]): Item => ({ kind: 'strategy', name, summary }),
  );
  const detectors = DETECTORS.map(
    ({ name, summary }): Item => ({ kind: 'detector', name, summary }),
  );
  const mutants = Object.entries(MUTANTS).map(
    ([name, { summary }]): Item => ({ kind: 'mutant', name, summary }),
  );
  return [...programs, ...scenarios, ...strategies, ...detectors, ...mutants];
}

function table(all: readonly Item[], { ink }: Shell): string {
  const label = ({ name, usage }: Item): string => (usage ? `${name} ${usage}` : name);
  const width = Math.max(...all.map((item) => label(item).length));
  const blocks = (Object.keys(HEADINGS) as Kind[]).map((kind) => {
    const rows = all
      .filter((item) => item.kind === kind)
      .map((item) => {
        const text = wrap(item.summary.split(' '), ' '.repeat(width + 4));
        return `  ${label(item).padEnd(width)}  ${text}`;
      });
    return [ink.bold(HEADINGS[kind]), ...(rows.length > 0 ? rows : ['  none'])].join('\n');
  });
  return blocks.join('\n\n');
}

export function define(command: Command, shell: Shell): void {
  command
    .description('Lists programs, scenarios, strategies, detectors and mutants.')
    .option('--json', 'one JSON object a line: kind, name, summary')
    .addHelpText('after', examples('list', 'list --json', 'list --json | grep strategy'))
    .action(({ json }: { readonly json?: boolean }) => {
      if (json) for (const item of items()) shell.json({ ...item });
      else shell.say(table(items(), shell));
    });
}
