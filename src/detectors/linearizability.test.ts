import { expect, it } from 'vitest';
import { RoundRobin } from '../../scheduler/strategies/round-robin.ts';
import { guestSpec } from '../guest.ts';
import { run } from '../run.ts';

it('a history of more calls than are kept is not judged, and the outcome says so', () => {
  const spec = guestSpec('churn', ['foo', '1100'], {});
  const { finding, notes } = run(spec, { seed: 1, strategy: new RoundRobin() });
  expect(finding).toBeUndefined();
  expect(notes).toEqual(['linearizability not decided: more than 4096 calls']);
});
