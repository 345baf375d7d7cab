import { describe, expect, it } from 'vitest';
import { Malformed } from './errors.ts';
import { decodeRows, KIND, RowWriter, TEXT_LENGTH_MAX } from './event-code.ts';

describe('rows of events', () => {
  it('keep arguments of every size and both kinds in order', () => {
    const args = [0, -1, 31, 32, -32, 8192, 2 ** 31, -(2 ** 53) + 1, 'foo', '', 'foo'];
    const writer = new RowWriter(16);
    writer.begin(KIND.enter, 7, 1);
    writer.number(3);
    writer.text('shm_open');
    writer.values(args);
    expect(decodeRows(writer.take())).toEqual([
      { kind: 'enter', step: 7, cpu: 1, pid: 3, call: 'shm_open', args },
    ]);
  });

  it('find the string behind any index among the arguments', () => {
    const args = Array.from({ length: 300 }, (_, i) => `string ${i}`);
    const writer = new RowWriter(16);
    writer.begin(KIND.enter, 0, 0);
    writer.number(1);
    writer.text('exec');
    writer.values(args);
    expect(decodeRows(writer.take())[0]).toMatchObject({ args });
  });

  it('keep a number that is no integer as its text', () => {
    const writer = new RowWriter(16);
    writer.begin(KIND.enter, 0, 0);
    writer.number(1);
    writer.text('write');
    writer.values([0.5, Number.NaN]);
    expect(decodeRows(writer.take())[0]).toMatchObject({ args: ['0.5', 'NaN'] });
  });

  it('tell an empty output from none', () => {
    const writer = new RowWriter(16);
    for (const out of [undefined, '']) {
      writer.begin(KIND.exit, 5, 0);
      writer.number(1);
      writer.text('read');
      writer.number(-1);
      writer.optionalText(out);
    }
    const row = { kind: 'exit', step: 5, cpu: 0, pid: 1, call: 'read', result: -1 };
    expect(decodeRows(writer.take())).toEqual([row, { ...row, out: '' }]);
  });

  it('hold CPUs that do not fit four bits', () => {
    const writer = new RowWriter(16);
    for (const cpu of [14, 15, 63]) writer.begin(KIND.irq, cpu, cpu);
    expect(decodeRows(writer.take()).map((event) => event.cpu)).toEqual([14, 15, 63]);
  });

  it('continue from the last step in the next frame, with strings of their own', () => {
    const writer = new RowWriter(16);
    const print = (step: number): void => {
      writer.begin(KIND.print, step, 0);
      writer.number(2);
      writer.text('hello');
    };
    print(1000);
    writer.take();
    print(1001);
    const next = writer.take();
    expect([next.step, next.strings, next.rows.length]).toEqual([1000, ['hello'], 4]);
    expect(decodeRows(next)).toEqual([
      { kind: 'print', step: 1001, cpu: 0, pid: 2, text: 'hello' },
    ]);
  });

  it('cut text that is too long and say so with an ellipsis', () => {
    const writer = new RowWriter(16);
    writer.begin(KIND.print, 0, 0);
    writer.number(1);
    writer.text('x'.repeat(TEXT_LENGTH_MAX + 1));
    const text = writer.take().strings[0] ?? '';
    expect([text.length, text.at(-1)]).toEqual([TEXT_LENGTH_MAX, '…']);
  });

  it('lose nothing but the row in which a number was refused', () => {
    const writer = new RowWriter(16);
    writer.begin(KIND.irq, 10, 0);
    writer.begin(KIND.exit, 20, 0);
    expect(() => writer.number(0.5)).toThrow(RangeError);
    expect(() => writer.begin(KIND.irq, -1, 0)).toThrow(RangeError);
    writer.begin(KIND.irq, 30, 0);
    expect(decodeRows(writer.take()).map((event) => event.step)).toEqual([10, 30]);
  });
});

describe('rows that no writer makes are malformed:', () => {
  it.each([
    ['an unknown kind', [0x0f]],
    ['an index outside the table', [KIND.print, 0, 2, 1]],
    ['a row that ends early', [KIND.switch, 0, 2]],
    ['a negative step', [KIND.irq, 3]],
    ['one event more than said', [KIND.irq, 2, KIND.irq, 2]],
    ['none', []],
  ])('%s', (_, bytes) => {
    const frame = { count: 1, step: 0, strings: ['a'], rows: Uint8Array.from(bytes) };
    expect(() => decodeRows(frame)).toThrow(Malformed);
  });
});
