import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kernelAnswers, tableOf } from './calls-beside-linux.ts';

test('the kernel answers as docs/calls.md says beside Linux, to each question there', () => {
  const table = tableOf(readFileSync(new URL('../docs/calls.md', import.meta.url), 'utf8'));
  const said = new Map([...table].map(([question, { here }]) => [question, here]));
  expect(said.size).toBeGreaterThan(20);
  expect(kernelAnswers()).toEqual(said);
});
