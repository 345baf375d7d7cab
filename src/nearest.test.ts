import { expect, it } from 'vitest';
import { didYouMean } from './nearest.ts';

const NAMES = ['shmtest', 'shmfork', 'share', 'churn', 'round-robin'];

it.each([
  ['shmtst', 'shmtest'],
  ['hsmtest', 'shmtest'],
  ['SHMTEST', 'shmtest'],
  ['roundrobin', 'round-robin'],
  ['chrun', 'churn'],
])('whoever writes %s means %s', (word, name) => {
  expect(didYouMean(word, NAMES)).toBe(`; did you mean ${name}?`);
});

it('a beginning, or a part, means the names that have it', () => {
  expect(didYouMean('shm', NAMES)).toBe('; did you mean shmtest or shmfork?');
  expect(didYouMean('robin', NAMES)).toBe('; did you mean round-robin?');
});

it.each(['', 'x', 'replay', 'constructor', 'shm'.repeat(1000)])('%j is near to none', (word) => {
  expect(didYouMean(word, NAMES)).toBe('');
});
