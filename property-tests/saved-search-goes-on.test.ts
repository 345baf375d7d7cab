import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deepening, type Level } from '../scheduler/search/deepening.ts';
import { Dfs } from '../scheduler/search/dfs.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import type { SearchState } from '../scheduler/search/state.ts';
import type { Search } from '../scheduler/search.ts';
import { enumerate } from './truth/enumerate.ts';
import { explore } from './truth/explored.ts';
import { built, decidingPrograms, lockingPrograms, waitingPrograms } from './truth/generated.ts';
import { Relay } from './truth/relay.ts';

const EXECUTIONS_MAX = 300n;

const levels = [0, 1, 2].map((preemptions) => ({ covers: `${preemptions}`, preemptions }));
const searchOf = ({ preemptions = 0 }: Level): Search => new Dfs({ preemptions, merges: true });

describe.each([
  ['cells and locks', lockingPrograms],
  ['branches on what was read', decidingPrograms],
  ['semaphores and conditions', waitingPrograms],
])('of any small program with %s', (_name, programs) => {
  it.each<[string, () => Search]>([
    ['dfs', () => new Dfs()],
    ['dfs with a bound', () => new Dfs({ preemptions: 2 })],
    ['dfs that merges', () => new Dfs({ preemptions: 2, merges: true })],
    ['dpor', () => new Dpor()],
    ['a series', () => new Deepening(levels, searchOf)],
  ])('%s that is saved and restored runs the same executions', (_how, make) => {
    fc.assert(
      fc.property(programs, (source) => {
        fc.pre(enumerate(built(source)).executions <= EXECUTIONS_MAX);
        const whole = make();
        const expected = explore(built(source), whole);
        const relay = new Relay(make);
        const relayed = explore(built(source), relay);
        expect(relayed).toEqual(expected);
        expect([relay.traces, relay.redundant]).toEqual([whole.traces, whole.redundant]);
      }),
      { numRuns: 30 },
    );
  });

  it('the parts of a dfs, in their order, run the executions of the whole', () => {
    fc.assert(
      fc.property(programs, fc.nat({ max: 5 }), fc.nat({ max: 3 }), (source, after, bound) => {
        fc.pre(enumerate(built(source)).executions <= EXECUTIONS_MAX);
        const make = () => new Dfs(bound === 0 ? {} : { preemptions: bound });
        const whole = explore(built(source), make());
        const lanes: (readonly number[])[] = [];
        const parts = [make()];
        for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
          const slice = new Slice(part, after, parts);
          lanes.push(...explore(built(source), slice).lanes);
          if (slice.isCut) parts.unshift(restored(make(), part.save()));
        }
        expect(lanes).toEqual(whole.lanes);
      }),
      { numRuns: 60 },
    );
  });
});

function restored(search: Dfs, state: SearchState): Dfs {
  search.restore(state);
  return search;
}

/** The next few executions of a search, after which it gives away a part if it can. */
class Slice extends Relay {
  isCut = false;
  private left: number;
  private readonly part: Dfs;
  private readonly parts: Dfs[];

  constructor(part: Dfs, executions: number, parts: Dfs[]) {
    super(() => part);
    this.part = part;
    this.left = executions;
    this.parts = parts;
  }

  override next(): boolean {
    if (!this.part.next()) return false;
    if (this.left-- > 0) return true;
    const given = this.part.split();
    if (given !== undefined) this.parts.unshift(restored(new Dfs(), given));
    this.isCut = true;
    return false;
  }
}
