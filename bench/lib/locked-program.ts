import { program } from 'xv6-replay';

/** Three threads of ten times lock, load, store, unlock, as a file that worker threads can load. */
export default program(
  '3 x 40 with locks',
  ({ cell, mutex, thread }) => {
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
  },
  { detectors: ['race'] },
);
