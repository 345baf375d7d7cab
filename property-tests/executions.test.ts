import { expect, it } from 'vitest';
import { onEveryMachine, onOneCpu } from './executions.ts';

it('a program that is killed halfway fails its test, though nothing behind it is looked at', () => {
  for (const on of [onOneCpu, onEveryMachine]) {
    const dying = (): unknown =>
      on(function* (u) {
        u.load(0x7000_0000) ?? (yield);
        return 0;
      });
    expect(dying).toThrow('expected -1 to be +0');
  }
});
