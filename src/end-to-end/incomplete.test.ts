import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, xv6, xv6Json } from '../../property-tests/built.ts';

/** A poll that counts its rounds: too many of them to follow, or few. */
const POLL = `import { program } from 'xv6-replay';
const poll = (tries) => program('poll', ({ cell, thread, check }) => {
  const [ready, gaveUp] = [cell('ready'), cell('gave up')];
  thread('set', function* () {
    ready.exchange(1) ?? (yield);
  });
  thread('poll', function* () {
    for (let i = 0; i < tries; i++) if ((ready.compareExchange(1, 1) ?? (yield)) === 1) return;
    gaveUp.exchange(1) ?? (yield);
  });
  check(() => true);
});
export const few = poll(20);
export const many = poll(1000);
export const spin = program('spin', ({ cell, thread, check }) => {
  const ready = cell('ready');
  thread('set', function* () {
    ready.exchange(1) ?? (yield);
  });
  thread('poll', function* () {
    while ((ready.fetchAdd(0) ?? (yield)) !== 1);
  });
  check(() => true);
});
`;

function polls(): string {
  const cwd = folder();
  writeFileSync(join(cwd, 'poll.ts'), POLL);
  return cwd;
}

describe('a search that found nothing', () => {
  it('of a loop that it followed to its end is a proof', () => {
    const { code, out } = xv6(polls(), ['explore', 'poll.ts#few']);
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^no schedule breaks it/),
    ]);
  });

  it('of a loop that is proven to come back in the same state is a proof', () => {
    const { code, out } = xv6(polls(), ['explore', 'poll.ts#spin']);
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^no schedule breaks it/),
    ]);
  });

  it('of a loop that it did not follow to its end is none: exit 5, and the first line names the loop', () => {
    const { code, out } = xv6(polls(), ['explore', 'poll.ts#many']);
    expect(code).toBe(5);
    expect(out).toMatch(/^not complete: the loop at poll.ts:8 may change .* only 64 were followed/);
    expect(out).not.toContain('no schedule breaks it');
  });

  it('tells programs why it is not complete', () => {
    const { code, lines } = xv6Json(polls(), ['explore', 'poll.ts#many']);
    expect(code).toBe(5);
    const place = expect.stringMatching(/poll\.ts:8:\d+$/);
    expect(lines[0]).toMatchObject({
      complete: false,
      incomplete: [{ kind: 'loop', rounds: 64, place }],
    });
  });

  it('and was cut short is none', () => {
    const args = ['explore', 'exit-wait', '--strategy', 'dpor', '--schedules', '3'];
    const { code, out } = xv6(folder(), args);
    expect(code).toBe(5);
    expect(out).toMatch(/^not complete: the search ended before everything was tried/);
  });
});
