import { expect, it } from 'vitest';
import { makeInk, wantsColour } from './ink.ts';

it('there is colour on a terminal that has it, unless NO_COLOR says no', () => {
  expect(wantsColour(true, { TERM: 'xterm' })).toBe(true);
  expect(wantsColour(false, { TERM: 'xterm' })).toBe(false);
  expect(wantsColour(true, { TERM: 'dumb' })).toBe(false);
  expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour(true, { NO_COLOR: '' })).toBe(true);
});

it('without colour, text stays as it is', () => {
  for (const paint of Object.values(makeInk(false))) expect(paint('text')).toBe('text');
  for (const paint of Object.values(makeInk(true))) {
    expect(JSON.stringify(paint('text'))).toMatch(/^"\\u001b\[\d+mtext\\u001b\[0m"$/);
  }
});
