import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clip, plural, printable, shellWord, wrap } from './text.ts';

it('a shell takes a quoted word for that word, whatever it is', () => {
  const words = ['out.xrt', 'a b', "it's", '$HOME', '`x`', '"', '-x', '*', '\\', ''];
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${words.map(shellWord).join(' ')}`]);
  expect(String(stdout)).toBe(`${words.join('\n')}\n`);
  expect(shellWord('out.xrt')).toBe('out.xrt');
});

it('printable text has no control character, and plain text is untouched', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(/\p{Cc}/u);
    }),
  );
  expect(printable('shm_open("é") → 0')).toBe('shm_open("é") → 0');
  expect(printable('a\n\t\x1b[2J')).toBe('a\\n\\t\\x1b[2J');
});

it('wrapped words stay in order and within the width', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,20}$/), { minLength: 1 }), (words) => {
      const lines = wrap(words, '    ', 30).split('\n    ');
      expect(lines.join(' ')).toBe(words.join(' '));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(26);
    }),
  );
});

it('what does not fit is cut, and shows it', () => {
  expect(clip('abcdef', 6)).toBe('abcdef');
  expect(clip('abcdefg', 6)).toBe('abcde…');
});

it('one is not many', () => {
  expect([plural(1, 'step'), plural(0, 'step'), plural(1234, 'switch', 'switches')]).toEqual([
    '1 step',
    '0 steps',
    '1,234 switches',
  ]);
});
