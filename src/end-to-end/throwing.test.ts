import { describe, expect, it } from 'vitest';
import { type ProgramParts, program } from '../subject/bare-subject.ts';
import { explore } from '../verbs/explore.ts';
import { run } from '../verbs/run.ts';

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
    expect(found).toEqual(['a unlocks m, but no thread holds it']);
  });
});

describe.each(['dpor', 'dpor:9', 'dfs', 'random'])(
  'under %s, what a thread catches',
  (strategy) => {
    const found = (build: (parts: ProgramParts) => void): string[] => {
      const subject = program('catching', build, meant);
      const { discoveries } = explore(subject, { strategy, schedules: 500, keepGoing: true });
      return discoveries.map(({ finding }) => finding.title);
    };

    it('is never that it lets go a mutex which it does not hold', () => {
      const unlocking = ({ cell, mutex, thread, check }: ProgramParts): void => {
        const [x, m] = [cell('x'), mutex('m')];
        thread('a', function* () {
          try {
            m.unlock() ?? (yield);
          } catch {
            x.store(1) ?? (yield);
          } finally {
            x.fetchAdd(2) ?? (yield);
          }
        });
        thread('b', function* () {
          x.load() ?? (yield);
        });
        check(() => x.value === 0);
      };
      expect(found(unlocking)).toEqual(['a unlocks m, but no thread holds it']);
    });

    it('is never that the scheduler ends the execution', () => {
      const spinning = ({ cell, thread, check }: ProgramParts): void => {
        const [l, x, caught] = [cell('l'), cell('x'), cell('caught')];
        for (const name of ['a', 'b', 'c']) {
          thread(name, function* () {
            try {
              while ((l.compareExchange(0, 1) ?? (yield)) !== 0);
              x.fetchAdd(1) ?? (yield);
              l.store(0) ?? (yield);
            } catch {
              for (let i = 0; i < 9; i++) caught.store(1) ?? (yield);
            }
          });
        }
        check(() => caught.value === 0 && x.value === 3);
      };
      expect(found(spinning)).toEqual([]);
    });

    it('is what it throws itself, and its finally goes on', () => {
      const own = ({ cell, thread, check }: ProgramParts): void => {
        const x = cell('x');
        for (const name of ['a', 'b']) {
          thread(name, function* () {
            try {
              x.fetchAdd(1) ?? (yield);
              throw new Error('own');
            } catch {
              x.fetchAdd(10) ?? (yield);
            } finally {
              x.fetchAdd(100) ?? (yield);
            }
          });
        }
        check(() => x.value === 222 || `x is ${x.value}`);
      };
      expect(found(own)).toEqual([]);
    });
  },
);

it('a thread never catches what a detector found in it', () => {
  const racing = program('racing', ({ cell, thread }) => {
    const x = cell('x');
    for (const name of ['a', 'b']) {
      thread(name, function* () {
        try {
          const v = x.load() ?? (yield);
          x.store(v + 1) ?? (yield);
        } catch {}
      });
    }
  });
  for (let seed = 0; seed < 40; seed++) {
    expect(run(racing, { seed }).finding?.title, `seed ${seed}`).toMatch(/^data race on x/);
  }
});
