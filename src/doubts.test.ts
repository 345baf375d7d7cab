import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, xv6 } from '../property-tests/built.ts';
import { doubtsOf } from './doubts.ts';
import { program } from './subject/bare-subject.ts';
import { IncompleteError, verify } from './verbs/verify.ts';

const FORGOTTEN = `import { program, scenario } from 'xv6-replay';
function* twice(x) {
  const v = x.load() ?? (yield);
  x.store(2 * v) ?? (yield);
}
export const forgotten = program('forgotten', ({ cell, thread, check }) => {
  const x = cell('x', 1);
  thread('a', function* () {
    twice(x);
  });
  thread('b', function* () {
    yield* twice(x);
  });
  check(() => true);
});
export const empty = program('empty', ({ cell, thread, check }) => {
  const x = cell('x', 1);
  thread('a', function* () {});
  thread('b', function* () {
    x.store(1) ?? (yield);
  });
  check(() => true);
});
export const user = scenario({
  name: 'user',
  processes: ['talker'],
  programs: {
    *talker(u) {
      say(u);
      return 0;
    },
  },
});
function* say(u) {
  yield* u.print('hello');
}
`;

function cwd(): string {
  const where = folder();
  writeFileSync(join(where, 'f.ts'), FORGOTTEN);
  return where;
}

describe('a generator that is made and never run', () => {
  it('makes a search incomplete, and the first line has its place', () => {
    const { code, out } = xv6(cwd(), ['explore', 'f.ts#forgotten']);
    expect(code).toBe(5);
    expect(out).toMatch(
      /^not complete: twice\(\) makes a generator that never runs; write yield\* twice\(\) \(f\.ts:9\)/,
    );
    expect(out.match(/never runs/g)).toHaveLength(1);
  });

  it('is told by run, too, of a process of a scenario', () => {
    const { out } = xv6(cwd(), ['run', 'f.ts#user', '--seed', '1']);
    expect(out).toMatch(/^doubtful: say\(\) makes a generator that never runs; .*\(f\.ts:29\)$/m);
  });

  it('fails verify', () => {
    function* helper(): Generator<void, void, number> {}
    const dropping = program('dropping', ({ thread }) => {
      thread('a', function* () {
        helper();
        yield* helper();
      });
    });
    expect(() => verify(dropping)).toThrow(IncompleteError);
    expect(() => verify(dropping)).toThrow(/not complete: helper\(\) makes a generator/);
  });

  it('is not what another program of the file does, nor a call of a name that is hidden', () => {
    const helper = (): void => undefined;
    const plain = program('plain', ({ cell, thread }) => {
      const x = cell('x');
      thread('a', function* () {
        helper();
        x.load() ?? (yield);
      });
    });
    expect(doubtsOf(plain)).toEqual([]);
  });
});

describe('a thread that performs no operation', () => {
  it('is told with the line that describes it, and a proof stays one', () => {
    const { code, out } = xv6(cwd(), ['explore', 'f.ts#empty']);
    expect(code).toBe(0);
    expect(out).toMatch(/^no schedule breaks it/);
    expect(out).toMatch(
      /^doubtful: thread a performs no operation \(f\.ts:18\); is a yield\* missing\?$/m,
    );
  });
});
