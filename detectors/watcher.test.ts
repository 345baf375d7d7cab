import { expect, it } from 'vitest';
import { program } from '../src/subject/bare-subject.ts';
import { run } from '../src/verbs/run.ts';

it.each(['detectors', 'src', 'kernel'])(
  "a user's thread that throws in a folder called %s is no fault of ours",
  (room) => {
    const subject = program('p', ({ thread, cell }) => {
      const x = cell('x');
      thread('a', function* () {
        x.load() ?? (yield);
        const error = new Error('mine');
        error.stack = `Error: mine\n    at check (file:///home/me/${room}/race.ts:3:9)`;
        throw error;
      });
    });
    expect(run(subject, { seed: 1 }).finding?.title).toBe('a throws: mine');
  },
);
