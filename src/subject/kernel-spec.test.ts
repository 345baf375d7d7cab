import { describe, expect, it } from 'vitest';
import { makeStrategy } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { run } from '../verbs/run.ts';
import { guestSpec } from './kernel-spec.ts';

describe('processes on one command line', () => {
  it('start together, each with its own arguments', () => {
    let output = '';
    const onPrint = (text: string): void => {
      output += text;
    };
    const spec = guestSpec('churn', ['foo', '1', '+', 'unmapped', 'bar'], {});
    const strategy = makeStrategy('random') as Strategy;
    expect(run(spec, { seed: 1, strategy, onPrint }).finding).toBeUndefined();
    expect(output).toMatch(/churn: pid 2: ok/);
    expect(output).toMatch(/unmapped: pid 3: ok/);
  });

  it.each([
    [['foo', '1', '+', 'chrun'], 'did you mean churn?'],
    [['foo', '1', '+', 'two-open-close'], 'two-open-close is a scenario and runs alone'],
    [['foo', '1', '+', 'init'], 'init cannot be run'],
    [['foo', '1', '+'], '+ needs a program on both sides'],
    [['+', '+', 'churn'], '+ needs a program on both sides'],
    [['+', 'churn', 'x'.repeat(128)], '127 bytes at most'],
  ])('churn %j is refused', (args, words) => {
    expect(() => guestSpec('churn', args, {})).toThrow(words);
  });
});
