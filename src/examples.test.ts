import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { folder, xv6, xv6Json } from '../property-tests/built.ts';

const EXAMPLES = new URL('../examples/', import.meta.url).pathname;

/** Explores an export of an example's in a folder of its own. */
function explored(file: string): ReturnType<typeof xv6Json> {
  return xv6Json(folder(), ['explore', `${EXAMPLES}${file}`, '--strategy', 'dpor']);
}

it.each([
  ['x5-race.ts', 'race', 'data race on x'],
  ['bounded-queue.ts', 'lost-wakeup', 'lost wakeup: consumer waits for filled'],
  ['dining-philosophers.ts', 'deadlock', "wait for each other's locks"],
])('%s is wrong, and the report says how', (file, detector, title) => {
  const { code, lines } = explored(file);
  expect(code).toBe(1);
  const found = lines.filter(({ kind }) => kind === 'finding');
  const text = found.map((line) => `${line.detector}: ${line.title}`).join('\n');
  expect(text).toContain(detector);
  expect(text).toContain(title);
});

it.each(['x5-race.ts#locked', 'bounded-queue.ts#fixed', 'dining-philosophers.ts#ordered'])(
  '%s is right in all its executions',
  (file) => {
    const { code, lines } = explored(file);
    expect(code).toBe(0);
    expect(lines.find(({ kind }) => kind === 'exploration')).toMatchObject({ complete: true });
  },
);

it('every example is tested here, and runs as it stands', () => {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'));
  expect(files).toEqual(['bounded-queue.ts', 'dining-philosophers.ts', 'x5-race.ts']);
  for (const file of files) {
    const { code, err } = xv6(folder(), ['run', `${EXAMPLES}${file}`, '--seed', '1']);
    expect(code, file).toBeLessThanOrEqual(1);
    expect(err).toBe('');
  }
});
