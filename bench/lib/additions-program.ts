import { program } from 'xv6-replay';

/** Threads that add to one cell, reading and writing it in two steps: 5,189,880 traces. */
export default program(
  'additions',
  ({ cell, thread }) => {
    const x = cell('x');
    for (let t = 0; t < 4; t++) {
      thread(`t${t}`, function* () {
        for (let i = 0; i < 2; i++) {
          const value = x.load() ?? (yield);
          x.store(value + 1) ?? (yield);
        }
      });
    }
  },
  { detectors: ['deadlock'] },
);
