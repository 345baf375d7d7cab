import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { folder, xv6, xv6Json } from '../../property-tests/built.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url).pathname;

/** Explores an export of an example's in a folder of its own. */
function explored(file: string): ReturnType<typeof xv6Json> {
  return xv6Json(folder(), ['explore', `${EXAMPLES}${file}`, '--strategy', 'dpor']);
}

it.each([
  ['x5-race.ts', 'race', 'data race on x'],
  ['bounded-queue.ts', 'lost-wakeup', 'lost wakeup: consumer waits for filled'],
  ['dining-philosophers.ts', 'deadlock', "wait for each other's locks"],
  ['one-condition.ts', 'deadlock', 'waits for changed, and 1 more'],
  ['peterson.ts', 'exception', 'p0 throws: p0 is not alone'],
  ['aba-stack.ts', 'check', 'node 1 was popped 2 times'],
])('%s is wrong, and the report says how', (file, detector, title) => {
  const { code, lines } = explored(file);
  expect(code).toBe(1);
  const found = lines.filter(({ kind }) => kind === 'finding');
  const text = found.map((line) => `${line.detector}: ${line.title}`).join('\n');
  expect(text).toContain(detector);
  expect(text).toContain(title);
});

it.each([
  ['x5-race.ts#locked', 2],
  ['bounded-queue.ts#fixed', 10],
  ['dining-philosophers.ts#ordered', 6],
  ['one-condition.ts#broadcast', 80],
  ['peterson.ts#right', 12],
  ['aba-stack.ts#counted', 39],
])('%s is right in all its executions, of %i traces', (file, traces) => {
  const { code, lines } = explored(file);
  expect(code).toBe(0);
  const complete = { complete: true, traces };
  expect(lines.find(({ kind }) => kind === 'exploration')).toMatchObject(complete);
});

it.each([
  ['', 'published', 'the pointer was seen before what it points to'],
  ['#torn', 'sequenced', 'x and y are of two updates'],
  ['#early', 'released', 'counted to'],
])('store-order.ts%s is wrong under pso alone, and #%s is right', (wrong, right, title) => {
  const file = `${EXAMPLES}store-order.ts`;
  const ask = (name: string, ...more: string[]): ReturnType<typeof xv6Json> =>
    xv6Json(folder(), ['explore', `${file}${name}`, ...more]);
  const found = ask(wrong);
  expect(found.code).toBe(1);
  const report = found.lines.find(({ kind }) => kind === 'finding');
  expect(report?.title).toContain(title);
  for (const memory of ['sc', 'tso']) expect(ask(wrong, '--memory', memory).code).toBe(0);
  const { code, lines } = ask(`#${right}`);
  expect(code).toBe(0);
  expect(lines.find(({ kind }) => kind === 'exploration')).toMatchObject({ complete: true });
});

it('every example is tested here, and runs as it stands', () => {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'));
  const names =
    'aba-stack bounded-queue dining-philosophers one-condition peterson store-order x5-race';
  expect(files).toEqual(names.split(' ').map((name) => `${name}.ts`));
  for (const file of files) {
    const { code, err } = xv6(folder(), ['run', `${EXAMPLES}${file}`, '--seed', '1']);
    expect(code, file).toBeLessThanOrEqual(1);
    expect(err).toBe('');
  }
});
