import { type Command, InvalidArgumentError } from 'commander';
import { DETECTORS } from '../../detectors/index.ts';
import { MUTANTS } from '../../kernel/mutants.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { SEARCHES } from '../../scheduler/searches.ts';
import { STRATEGIES } from '../../scheduler/strategies.ts';
import { PROGRAMS } from '../../user/programs/index.ts';
import { didYouMean } from '../nearest.ts';
import { wrap } from '../text.ts';
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

/** Width of a list that goes to no terminal. */
const COLUMNS = 100;
/** Columns that a summary needs. */
const SUMMARY_MIN = 30;

/** Items of one kind under their heading. */
function table(kind: Kind, all: readonly Item[], { ink, columns = COLUMNS }: Shell): string {
  const label = ({ name, usage }: Item): string => (usage ? `${name} ${usage}` : name);
  const width = Math.max(...all.map((item) => label(item).length));
  const rows = all.map((item) => {
    const words = item.summary.split(' ');
    const indent = width + 4;
    // Beside the names if there is room for a few words, else below them.
    if (columns - indent < SUMMARY_MIN) {
      return `  ${label(item)}\n      ${wrap(words, '      ', columns)}`;
    }
    return `  ${label(item).padEnd(width)}  ${wrap(words, ' '.repeat(indent), columns)}`;
  });
  return [ink.bold(HEADINGS[kind]), ...rows].join('\n');
}

const KINDS = Object.keys(HEADINGS) as Kind[];
const pluralOf = (kind: Kind): string => HEADINGS[kind].toLowerCase();

/** `mutant` and `mutants` are the same. */
function parseKind(text: string): Kind {
  const kind = KINDS.find((each) => each === text || pluralOf(each) === text);
  if (kind !== undefined) return kind;
  const hint =
    didYouMean(text, KINDS.map(pluralOf)) || `; there are ${KINDS.map(pluralOf).join(', ')}`;
  throw new InvalidArgumentError(`There is no kind ${text}${hint}`);
}

export function define(command: Command, shell: Shell): void {
  command
    .description('Lists programs, scenarios, strategies, detectors and mutants.')
    .argument('[kind]', 'only one of these, such as mutants', parseKind)
    .option('--json', 'one JSON object per line: kind, name, summary')
    .addHelpText('after', examples('list', 'list mutants', 'list --json'))
    .action((only: Kind | undefined, { json }: { readonly json?: boolean }) => {
      const all = items().filter(({ kind }) => only === undefined || kind === only);
      if (json) for (const item of all) shell.json({ ...item });
      else {
        const kinds = KINDS.filter((kind) => only === undefined || kind === only);
        const blocks = kinds.map((each) =>
          table(
            each,
            all.filter(({ kind }) => kind === each),
            shell,
          ),
        );
        shell.say(blocks.join('\n\n'));
      }
    });
}
