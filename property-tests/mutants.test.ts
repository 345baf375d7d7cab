import { describe, expect, test } from 'vitest';
import { DETECTORS } from '../detectors/index.ts';
import { MUTANTS } from '../kernel/mutants.ts';
import { areas } from '../scenarios/buggy/areas.ts';
import { files } from '../scenarios/buggy/files.ts';
import { ipc } from '../scenarios/buggy/ipc.ts';
import { life } from '../scenarios/buggy/life.ts';
import { mappings } from '../scenarios/buggy/mappings.ts';
import { objects } from '../scenarios/buggy/objects.ts';
import { scarcity } from '../scenarios/buggy/scarcity.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { Hunter, mutantsNamed } from './hunt.ts';

const SEED = 1;
const EXECUTIONS = 10_000;
/** What a twin must be silent for at least; more if its mutant took longer. */
const TWIN_EXECUTIONS = 300;
const strategy = new RandomWalk();
const detectors = new Set(DETECTORS.map(({ name }) => name));

describe.each(mutantsNamed(''))('%s', (name, { scenario, detectors: expected, depth, memory }) => {
  test('its scenario and its detectors exist', () => {
    expect(Object.keys(SCENARIOS)).toContain(scenario);
    expect(expected.filter((detector) => !detectors.has(detector))).toEqual([]);
  });

  test('a detector that is expected to finds it, and nothing is found without it', () => {
    const found = new Hunter(scenario, [name], memory).hunt(strategy, SEED, EXECUTIONS);
    expect(expected, found.title).toContain(found.by);
    if (depth === 0) expect(found.executions).toBe(1);
    const executions = Math.max(found.executions, TWIN_EXECUTIONS);
    const twin = new Hunter(scenario, [], memory).hunt(strategy, SEED, executions);
    expect(twin).toEqual({ executions, by: undefined, title: undefined });
  });
});

test('who stores before its fence is found out only where stores of one CPU overtake each other', () => {
  const { scenario } = MUTANTS['release-before-fence'];
  for (const memory of ['sc', 'tso'] as const) {
    const hunt = new Hunter(scenario, ['release-before-fence'], memory).hunt(strategy, SEED, 1000);
    expect(hunt.title).toBeUndefined();
  }
});

test('each situation of scenarios/buggy is the smallest for some mutant', () => {
  const used = new Set(mutantsNamed('').map(([, { scenario }]) => scenario as string));
  const all = Object.keys({
    ...areas,
    ...files,
    ...ipc,
    ...life,
    ...mappings,
    ...objects,
    ...scarcity,
  });
  expect(all.filter((name) => !used.has(name))).toEqual([]);
});
