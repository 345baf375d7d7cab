import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { type ProgramParts, program } from '../subject/bare-subject.ts';
import { guestSpec } from '../subject/kernel-spec.ts';
import { run } from './run.ts';
import { IncompleteError, VerificationError, verify } from './verify.ts';

/** Threads that each add what they are given, with a load and a store, locked or not. */
function adding(addends: readonly number[], isLocked: boolean) {
  return program(`adding ${addends}`, ({ cell, mutex, thread, check }: ProgramParts) => {
    const x = cell('x');
    const m = mutex('m');
    for (const [i, addend] of addends.entries()) {
      thread(`thread ${i}`, function* () {
        if (isLocked) m.lock() ?? (yield);
        const v = x.load() ?? (yield);
        x.store(v + addend) ?? (yield);
        if (isLocked) m.unlock() ?? (yield);
      });
    }
    const sum = addends.reduce((a, b) => a + b, 0);
    check(() => x.value === sum || `x is ${x.value}, not ${sum}`);
  });
}

const onlyChecked = { detectors: ['check'] };

function failure(body: () => unknown): VerificationError {
  try {
    body();
  } catch (error) {
    if (error instanceof VerificationError) return error;
    throw error;
  }
  throw new Error('nothing was found');
}

describe('a program that is right', () => {
  it('is verified completely, and the result says of how many executions', () => {
    const { complete, executions, finding } = verify(adding([1, 2], true));
    expect({ complete, finding }).toEqual({ complete: true, finding: undefined });
    expect(executions).toBe(2);
  });

  it('is verified as far as it was asked for', () => {
    const options = { schedules: 3, allowIncomplete: true };
    const { complete, executions } = verify(adding([1, 2, 3], true), options);
    expect({ complete, executions }).toEqual({ complete: false, executions: 3 });
  });
});

describe('a search that does not try everything', () => {
  it('fails, and the first words say what is missing', () => {
    expect(() => verify(adding([1, 2, 3], true), { schedules: 3 })).toThrow(IncompleteError);
    expect(() => verify(adding([1, 2, 3], true), { schedules: 3 })).toThrow(
      /^not complete: the search ended/,
    );
  });

  it('passes with a strategy that draws, which claims nothing', () => {
    const { complete, executions } = verify(adding([1, 2], true), {
      strategy: 'random',
      schedules: 5,
    });
    expect({ complete, executions }).toEqual({ complete: false, executions: 5 });
  });
});

describe('a program that is wrong', () => {
  const lossy = { ...adding([1, 2], false), ...onlyChecked };

  it('fails with the shrunk schedule, why, and how to see it again', () => {
    const { message, finding, schedule, report, exploration } = failure(() => verify(lossy));
    expect(message).toMatch(/^x is [12], not 3\n\n FAIL {2}adding 1,2 › check/);
    expect(message).toContain('lost update on x');
    expect(message).toMatch(/neither saw\s+the\s+other/);
    expect(message).toContain(`run(subject, { schedule: '${schedule}' })`);
    expect(run(lossy, { schedule }).finding).toEqual(finding);
    expect(report?.switches).toBeLessThanOrEqual(3);
    expect(exploration.discoveries).toHaveLength(1);
  });

  it('fails in a test of fast-check with the smallest example', () => {
    const addends = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 });
    const property = fc.property(addends, (each) => {
      verify({ ...adding(each, false), ...onlyChecked });
    });
    const { counterexample, errorInstance } = fc.check(property, { seed: 1 });
    expect(counterexample).toEqual([[0, 1]]);
    expect(String(errorInstance)).toContain(' Replay  run(subject, {');
  });

  it('that is not deterministic is named instead', () => {
    let turn = 0;
    const subject = program('turning', ({ cell, thread }) => {
      const x = cell('x');
      thread('a', function* () {
        x.store(turn++) ?? (yield);
      });
    });
    expect(() => verify(subject)).toThrow(UsageError);
    expect(() => verify(subject)).toThrow('turning is not deterministic');
  });
});

it('a scenario of the kernel is verified too', () => {
  const spec = guestSpec('open-race', [], {}, ['shm-open-create-apart']);
  const { message, schedule } = failure(() => verify(spec, { strategy: 'random' }));
  expect(message).toContain('open-race › objects');
  expect(run(spec, { schedule }).finding?.detector).toBe('objects');
});
