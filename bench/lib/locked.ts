import { BareProgram } from '../../machine/bare.ts';

/** Three threads of ten times lock, load, store, unlock. */
export function locked(): BareProgram {
  return new BareProgram(({ cell, mutex, thread }) => {
    const x = cell('x');
    const m = mutex('m');
    for (let i = 0; i < 3; i++) {
      thread(`t${i}`, function* () {
        for (let n = 0; n < 10; n++) {
          m.lock() ?? (yield);
          const v = x.load() ?? (yield);
          x.store(v + 1) ?? (yield);
          m.unlock() ?? (yield);
        }
      });
    }
  });
}
