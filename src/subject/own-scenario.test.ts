import { describe, expect, it } from 'vitest';
import * as ulib from '../../user/ulib.ts';
import { explore } from '../verbs/explore.ts';
import { replay } from '../verbs/replay.ts';
import { run } from '../verbs/run.ts';
import { type OwnScenario, scenario } from './own-scenario.ts';

const small = { nproc: 4, frames: 96, tickInterval: 0, stepsMax: 20_000 };

/** Adds 1 to the first word of an object, with a load and a store. */
function* adder(u: ulib.Context, [, name = '']: readonly string[]): ulib.Part<number> {
  const od = yield* ulib.shm_open(u, name);
  ulib.shm_trunc(u, od, 4) ?? (yield);
  const va = yield* ulib.shm_map(u, od, ulib.O_RDWR);
  const v = u.load(va) ?? (yield);
  u.store(va, v + 1) ?? (yield);
  return 0;
}

const adders: OwnScenario = {
  name: 'adders',
  processes: ['adder foo', 'adder foo'],
  programs: { adder },
  param: small,
};

describe("a scenario of one's own", () => {
  it('runs its programs, and what they do wrong is a finding', () => {
    const { finding, header } = run(scenario(adders), { seed: 3 });
    expect(header).toMatchObject({ guest: 'kernel', program: 'adders', cpus: 2 });
    expect(finding?.detector).toBe('race');
  });

  it('is replayed from its trace when it is given, with the limits it was run with', () => {
    const subject = scenario({ ...adders, cpus: 3 });
    const { trace = new Uint8Array(), finding } = run(subject, { seed: 3, record: true });
    const again = replay(trace, { subject: scenario(adders) });
    expect(again.finding?.title).toBe(finding?.title);
    expect(() => replay(trace)).toThrow('adders');
  });

  it('claims what must hold of all that is printed', () => {
    const hello = {
      *hello(u: ulib.Context): ulib.Part<void> {
        yield* ulib.print(u, 'hello\n');
      },
    };
    const own = { name: 'hello', processes: ['hello'], programs: hello, param: small };
    expect(run(scenario(own)).finding).toBeUndefined();
    const no = scenario({ ...own, holds: (output) => output === 'bye\n' || 'nobody said bye' });
    expect(run(no).finding).toMatchObject({ detector: 'program', title: 'nobody said bye' });
  });

  it('has an outcome: of what is printed and of exit statuses, each with a schedule', () => {
    const own: OwnScenario = {
      ...adders,
      programs: {
        *adder(u, argv) {
          yield* adder(u, argv);
          return ulib.getpid(u) ?? (yield);
        },
        *hello(u) {
          yield* ulib.print(u, 'hello\n');
          u.load(0x4000_0000) ?? (yield);
        },
      },
      processes: ['adder foo', 'hello'],
      holds: () => true,
      outcome: (output, statuses) => [output.split('\n')[0], ...statuses],
      detectors: ['program'],
    };
    expect(run(scenario(own), { seed: 3 }).outcome).toBe('["hello",2,-1]');
    const options = { strategy: 'dpor', preemptions: 0, schedules: 50 };
    const { outcomes, executions } = explore(scenario(own), options);
    expect(outcomes).toMatchObject([{ value: '["hello",2,-1]', executions }]);
    const schedule = outcomes[0]?.schedule ?? '';
    expect(run(scenario(own), { schedule }).outcome).toBe('["hello",2,-1]');
    const bad = scenario({ ...own, outcome: () => JSON.parse('{') });
    expect(() => run(bad)).toThrow(/^the outcome cannot be told: /);
  });

  it('whose program throws is a finding with its name', () => {
    const programs = {
      *bad(u: ulib.Context): ulib.Part<void> {
        ulib.getpid(u) ?? (yield);
        throw new Error('enough');
      },
    };
    const { finding } = run(scenario({ ...adders, processes: ['bad'], programs }));
    expect(finding).toMatchObject({ detector: 'exception', title: 'pid 2 throws: enough' });
  });

  it.each([
    ['a program that does not exist', { processes: ['adler foo'] }, 'did you mean adder?'],
    ['a limit out of range', { cpus: 65 }, 'ncpu is a whole number from 1 to 64, not 65'],
    ['no process', { processes: [] }, 'adders: a scenario has a process or more'],
  ])('with %s is refused', (_, changes, message) => {
    expect(() => scenario({ ...adders, ...changes })).toThrow(message);
  });

  it('whose program is a plain function is refused when it runs', () => {
    const programs = { adder: (() => 0) as never };
    expect(() => run(scenario({ ...adders, programs }))).toThrow(
      'program adder is not a generator',
    );
  });

  it('whose program does something else when fork runs it again is refused', () => {
    let runs = 0;
    const programs = {
      *forker(u: ulib.Context): ulib.Part<void> {
        if (runs++ > 0) ulib.getpid(u) ?? (yield);
        ulib.getpid(u) ?? (yield);
        ulib.fork(u) ?? (yield);
      },
    };
    const own = scenario({ ...adders, processes: ['forker'], programs });
    expect(() => run(own)).toThrow('adders: program forker did something else when fork ran');
  });
});

describe('a process that ends with -1', () => {
  it.each<[string, ulib.Program]>([
    [
      'returns it',
      function* (u) {
        ulib.getpid(u) ?? (yield);
        return -1;
      },
    ],
    [
      'exits with it',
      function* (u) {
        ulib.exit(u, -1) ?? (yield);
      },
    ],
  ])('because it %s was not killed', (_, p) => {
    const subject = scenario({ name: 'p', processes: ['p'], programs: { p }, param: small });
    expect(run(subject).finding?.title).toBe('pid 2 p ended with status -1');
  });

  it('because of its access was killed', () => {
    const programs = {
      *p(u: ulib.Context): ulib.Part<void> {
        u.load(0x7000_0000) ?? (yield);
      },
    };
    const subject = scenario({ name: 'p', processes: ['p'], programs, param: small });
    expect(run(subject).finding?.title).toBe('pid 2 p was killed');
  });
});
