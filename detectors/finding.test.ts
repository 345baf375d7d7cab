import { expect, it } from 'vitest';
import { likeness } from './finding.ts';

const like = (title: string): string => likeness({ detector: 'any', title, detail: [], step: 1 });

it.each([
  ['lost: exit on shm[0] and open on shm[1]', 'lost: open on shm[2] and exit on shm[0]'],
  ['slot 1 still has area 0', 'slot 2 still has area 0, and 1 more'],
])('%s is like %s', (one, other) => {
  expect(like(one)).toBe(like(other));
});

it('another place is another bug', () => {
  expect(like('lost: exit on shm[0]')).not.toBe(like('lost: exit on files[0]'));
});
