import { describe, expect, it } from 'vitest';
import { type ProgramParts, program } from './bare-subject.ts';
import { explore } from './explore.ts';
import { run } from './run.ts';

const meant = { detectors: ['check'] };

function explored(build: (parts: ProgramParts) => void, strategy: string) {
  const subject = program('throwing', build, meant);
  const so = explore(subject, { strategy, keepGoing: true });
  for (const { finding, schedule } of so.discoveries) {
    expect(run(subject, { schedule }).finding?.title).toBe(finding.title);
  }
  return {
    complete: so.complete,
    outcomes: so.outcomes.map(({ value }) => value).sort(),
    found: so.discoveries.map(({ finding }) => finding.title).sort(),
  };
}

// A search that ended with the throw never saw the store, and called itself complete.
describe.each(['dpor', 'dpor:9', 'dfs'])('%s goes on behind a thread that throws', (strategy) => {
  it('and reaches the outcomes of executions in which it does not', () => {
    const reader = ({ cell, thread, outcome }: ProgramParts): void => {
      const x = cell('x');
      thread('reader', function* () {
        if ((x.load() ?? (yield)) === 0) throw new Error('nothing there');
      });
      thread('writer', function* () {
        x.store(1) ?? (yield);
      });
      outcome(() => x.value);
    };
    expect(explored(reader, strategy)).toEqual({
      complete: true,
      outcomes: [1],
      found: ['reader throws: nothing there'],
    });
  });

  it('and finds what another would have thrown before it', () => {
    const both = ({ cell, thread }: ProgramParts): void => {
      const [x, y] = [cell('x'), cell('y')];
      thread('a', function* () {
        x.load() ?? (yield);
        throw new Error('always');
      });
      thread('b', function* () {
        if ((x.load() ?? (yield)) !== 1) return;
        y.store(5) ?? (yield);
        throw new Error('saw 1');
      });
      thread('c', function* () {
        x.store(1) ?? (yield);
      });
    };
    expect(explored(both, strategy).found).toEqual(['a throws: always', 'b throws: saw 1']);
  });

  it('but finds nothing that needs the step with which the other ends', () => {
    const behind = ({ cell, thread }: ProgramParts): void => {
      const x = cell('x');
      thread('a', function* () {
        x.store(1) ?? (yield);
        throw new Error('always');
      });
      thread('b', function* () {
        if ((x.load() ?? (yield)) === 1) throw new Error('saw 1');
      });
    };
    expect(explored(behind, strategy).found).toEqual(['a throws: always']);
  });

  it('and behind one that lets go a mutex that it does not hold', () => {
    const unlocking = ({ cell, mutex, thread, outcome }: ProgramParts): void => {
      const [x, m] = [cell('x'), mutex('m')];
      thread('a', function* () {
        if ((x.load() ?? (yield)) === 0) m.unlock() ?? (yield);
      });
      thread('b', function* () {
        x.store(1) ?? (yield);
      });
      outcome(() => x.value);
    };
    const { outcomes, found } = explored(unlocking, strategy);
    expect(outcomes).toEqual([1]);
    expect(found).toEqual(['a unlocks m, but nobody holds it']);
  });
});
