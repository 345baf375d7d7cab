import { describe, expect, it } from 'vitest';
import { explore, type ProgramParts, program, replay, run, verify } from '../src/index.ts';

/** Two threads and a task that use every part there is, as a user writes them. */
function everything(parts: ProgramParts): void {
  const { array, atomic, barrier, cell, chance, channel, once, parker, rwlock, task } = parts;
  const [sum, table, ready] = [cell('sum'), array('table', 2), atomic('ready')];
  const [m, rw, both, first] = [parts.mutex('m'), rwlock('rw'), barrier('both', 2), once('first')];
  const [queue, token, coin] = [channel('queue', 1), parker('token'), chance('coin', 2)];
  const worker = task('worker', function* () {
    if ((first.enter() ?? (yield)) === 1) {
      table[0]?.store(5) ?? (yield);
      first.leave() ?? (yield);
    }
    queue.send(7) ?? (yield);
    token.unpark() ?? (yield);
    both.wait() ?? (yield);
  });
  parts.thread('main', function* () {
    worker.start() ?? (yield);
    const got = queue.receive() ?? (yield);
    token.park() ?? (yield);
    both.wait() ?? (yield);
    worker.join() ?? (yield);
    rw.writeLock() ?? (yield);
    const drawn = coin.draw() ?? (yield);
    sum.store(got + drawn) ?? (yield);
    rw.writeUnlock() ?? (yield);
    if ((m.tryLock() ?? (yield)) === 1) m.unlock() ?? (yield);
    ready.store(1) ?? (yield);
  });
  parts.outcome(() => sum.value);
  parts.check(() => ready.value === 1 && table[0]?.value === 5);
}

describe('a program with every part', () => {
  it('is proven, with each number that can be drawn', () => {
    const { complete, outcomes } = verify(program('everything', everything));
    expect(complete).toBe(true);
    expect(outcomes.map(({ value }) => value).sort()).toEqual([7, 8]);
  });

  it.each(['tso', 'pso'] as const)('has the same outcomes under %s', (memory) => {
    const weak = program('everything', everything, { memory });
    const { finding, outcomes } = explore(weak, { strategy: 'random', schedules: 200 });
    expect(finding).toBeUndefined();
    expect(outcomes.map(({ value }) => value).sort()).toEqual([7, 8]);
  });

  it('is recorded and replayed', () => {
    const subject = program('everything', everything);
    const { steps, trace } = run(subject, { seed: 3, record: true });
    expect(replay(trace, { subject }).steps).toBe(steps);
  });

  it('a name that is used twice, and a program of parts alone, are refused', () => {
    const twice = ({ atomic, rwlock, thread }: ProgramParts): void => {
      atomic('x');
      rwlock('x');
      thread('t', function* () {});
    };
    expect(() => program('twice', twice)).toThrow('two parts of the program are called x');
    expect(() => program('few', ({ chance }) => chance('d', 2))).toThrow('1 to 64 threads, not 0');
  });
});
