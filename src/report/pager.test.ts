import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder } from '../../property-tests/built.ts';
import { Lines } from './output.ts';
import { Pager, pagerCommand } from './pager.ts';

it('PAGER decides, and an empty one or cat means none', () => {
  expect(pagerCommand({ PAGER: 'more -s' })).toBe('more -s');
  expect(pagerCommand({ PAGER: '' })).toBeUndefined();
  expect(pagerCommand({ PAGER: 'cat' })).toBeUndefined();
});

it('a pager gets every line, however many', async () => {
  const file = join(folder(), 'paged');
  const pager = new Pager(`sleep 0.1; cat > '${file}'`, process.env);
  const lines = new Lines(pager);
  const wanted = Array.from({ length: 50_000 }, (_, i) => `line ${i}`);
  for (const line of wanted) expect(await lines.add(line)).toBe(true);
  await lines.flush();
  await pager.end();
  expect(readFileSync(file, 'utf8')).toBe(`${wanted.join('\n')}\n`);
});

it('a pager that is left early takes no more lines, and nobody waits for it', async () => {
  const pager = new Pager('head -n 1 > /dev/null', process.env);
  const lines = new Lines(pager);
  let taken = 0;
  while (await lines.add('x'.repeat(1000))) taken++;
  expect(taken).toBeGreaterThan(0);
  await lines.flush();
  await pager.end();
  expect(pager.closed).toBe(true);
});

it('a pager that does not exist is closed, not waited for', async () => {
  const pager = new Pager('no-such-pager 2> /dev/null', process.env);
  await pager.write('text\n');
  await pager.end();
  expect(pager.closed).toBe(true);
});
