import { expect, it } from 'vitest';
import { Pos } from '../../scheduler/strategies/pos.ts';
import { RoundRobin } from '../../scheduler/strategies/round-robin.ts';
import { guestSpec } from '../guest.ts';
import { run } from '../run.ts';
import { Stage } from '../stage.ts';
import { kernelSubject } from '../subject.ts';

it('a history of more calls than are kept is not judged, and the outcome says so', () => {
  const spec = guestSpec('churn', ['foo', '1100'], {});
  const { finding, notes } = run(spec, { seed: 1, strategy: new RoundRobin() });
  expect(finding).toBeUndefined();
  expect(notes).toEqual(['linearizability not decided: more than 4096 calls']);
});

// Process 2 grows until two frames are left and gives one back; process 3 needs three to map.
it.each([7, 8])(
  'a call may fail while a free frame is on its way to the list: %i pages',
  (pages) => {
    const args = [`sbrk:${4096 * pages}`, 'sbrk:-4096', '+', 'script', 'open:a', 'trunc:0:4096'];
    const limits = { ncpu: 2, nproc: 4, frames: 36, tickInterval: 0 };
    const stage = new Stage(kernelSubject(guestSpec('script', [...args, 'map:0'], limits)));
    stage.watch();
    for (let seed = 0; seed < 300; seed++) {
      expect(stage.execute(new Pos(), seed).finding).toBeUndefined();
    }
  },
);
