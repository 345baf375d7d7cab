import { expect, it } from 'vitest';
import { MUTANTS, type MutantName } from '../../kernel/mutants.ts';
import { Pos } from '../../scheduler/strategies/pos.ts';
import { RandomWalk } from '../../scheduler/strategies/random.ts';
import { RoundRobin } from '../../scheduler/strategies/round-robin.ts';
import { Stage } from '../../src/stage/stage.ts';
import { guestSpec } from '../../src/subject/kernel-spec.ts';
import { kernelSubject } from '../../src/subject/subject.ts';
import { run } from '../../src/verbs/run.ts';
import { linearizability } from './linearizability.ts';

it('a history of more calls than are kept is not judged, and the outcome says so', () => {
  const spec = guestSpec('churn', ['foo', '1100'], {});
  const { finding, notes } = run(spec, { seed: 1, strategy: new RoundRobin() });
  expect(finding).toBeUndefined();
  expect(notes).toEqual(['linearizability not judged: the run has more than 4096 calls']);
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

it('a child has what its parent had at its own fork, not at a later one', () => {
  const steps = ['fork', 'p/mmap:2:s', 'p/fork', 'c/mmap:1:s'];
  const stage = new Stage(kernelSubject(guestSpec('script', steps, { ncpu: 2, nproc: 6 })));
  stage.watch({ detectors: [linearizability] });
  for (let seed = 0; seed < 300; seed++) {
    expect(stage.execute(new RandomWalk(), seed).finding).toBeUndefined();
  }
});

// The child's open has far to go, and began when nothing was mapped yet.
it('what a mapping shows may be cut by a call that began before it', () => {
  const child = [`c/truncf:${'tmp/../'.repeat(15)}f`, 'c/writef:4:zz'];
  const parent = ['p/mmapf:3:s', 'p/put:0:7', ...Array(11).fill(['p/fdup:9', 'p/get:0']).flat()];
  const steps = ['creat:f', 'writef:3:abcd', 'fork', ...child, ...parent];
  const stage = new Stage(kernelSubject(guestSpec('script', steps, { ncpu: 2, nproc: 6 })));
  stage.watch({ detectors: [linearizability] });
  for (let seed = 0; seed < 1800; seed++) {
    expect(stage.execute(new Pos(), seed).finding).toBeUndefined();
  }
});

it.each<[MutantName, RegExp]>([
  ['create-apart', /explains pid \d open\("f", 0x202\) = 3$/],
  ['fileread-advances-late', /explains pid \d read\(3, 3\) = 3 "xv6"$/],
  ['munmap-forgets-writeback', /explains pid 2 read\(4, 4\) = 4 "abcd"$/],
  ['munmap-writes-clean', /explains pid 2 read\(5, 4\) = 4 "abcd"$/],
  ['cow-writes-in-place', /pid \d finds 8 at 0x3000, and not 7$/],
  ['fork-no-sfence', /pid 3 finds 8 at 0x3000, and not 7$/],
  ['munmap-no-sfence', /pid 2 loads from 0x3ffff000, where nothing is mapped$/],
])('%s is found without any other detector', (mutant, title) => {
  const spec = guestSpec(MUTANTS[mutant].scenario, [], {}, [mutant]);
  const stage = new Stage(kernelSubject(spec));
  stage.watch({ detectors: [linearizability] });
  let found: string | undefined;
  for (let seed = 0; seed < 1000 && found === undefined; seed++) {
    found = stage.execute(new RandomWalk(), seed).finding?.title;
  }
  expect(found).toMatch(title);
});
