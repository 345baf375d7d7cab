/** What our kernel answers to the questions of the table "Beside Linux" in docs/calls.md. */

import { futex_wait, futex_wake } from '../user/sync.ts';
import { IPC_CREAT, IPC_PRIVATE, shm_rmid, shmat, shmdt, shmget } from '../user/sysv.ts';
import {
  BUFFER,
  type Context,
  close,
  dup,
  ftruncate,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREATE,
  O_RDWR,
  open,
  type Part,
  PROT_READ,
  PROT_WRITE,
  pipe,
  read,
  shm_open,
  shm_unlink,
  unlink,
  write,
} from '../user/ulib.ts';
import { Situation } from './executions.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

type Say = (question: string, answer: number | boolean) => void;

function* mappings(u: Context, say: Say): Part<void> {
  say('mmap length 0', (mmap(u, 0, 0, RW, PRIVATE, -1, 0) ?? (yield)) >= 0);
  const neither = mmap(u, 0, PAGE, RW, MAP_ANONYMOUS, -1, 0) ?? (yield);
  say('mmap neither shared nor private', neither >= 0);
  const area = mmap(u, 0, 3 * PAGE, RW, PRIVATE, -1, 0) ?? (yield);
  say('munmap between pages', (munmap(u, area + 1, PAGE) ?? (yield)) === 0);
  say('munmap length 0', (munmap(u, area, 0) ?? (yield)) === 0);
  say('munmap middle', (munmap(u, area + PAGE, PAGE) ?? (yield)) === 0);
  say('munmap nothing', (munmap(u, area + PAGE, PAGE) ?? (yield)) === 0);
}

function* segments(u: Context, say: Say): Part<void> {
  const make = IPC_CREAT | 0o600;
  const made = shmget(u, IPC_PRIVATE, PAGE, make) ?? (yield);
  say('shmget size 0', (shmget(u, IPC_PRIVATE, 0, make) ?? (yield)) >= 0);
  say('shmget negative size', (shmget(u, IPC_PRIVATE, -1, make) ?? (yield)) >= 0);
  const at = shmat(u, made, 0, 0) ?? (yield);
  say('shmat between pages', (shmat(u, made, at + 1, 0) ?? (yield)) >= 0);
  shm_rmid(u, made) ?? (yield);
  say('shmat marked', (shmat(u, made, 0, 0) ?? (yield)) >= 0);
  say('shmdt', (shmdt(u, at) ?? (yield)) === 0);
  say('shmdt again', (shmdt(u, at) ?? (yield)) === 0);
  say('shmctl gone', (shm_rmid(u, made) ?? (yield)) === 0);
}

function* posix(u: Context, say: Say): Part<void> {
  const fd = yield* shm_open(u, 'calls', O_CREATE | O_RDWR, 0o600);
  ftruncate(u, fd, PAGE) ?? (yield);
  const at = mmap(u, 0, PAGE, RW, MAP_SHARED, fd, 0) ?? (yield);
  u.store(at, 5) ?? (yield);
  say('ftruncate negative', (ftruncate(u, fd, -1) ?? (yield)) === 0);
  say('ftruncate grows', (ftruncate(u, fd, 2 * PAGE) ?? (yield)) === 0);
  ftruncate(u, fd, 0) ?? (yield);
  ftruncate(u, fd, PAGE) ?? (yield);
  say('cut and grown reads', u.load(at) ?? (yield));
  close(u, fd) ?? (yield);
  yield* shm_unlink(u, 'calls');
}

function* futexes(u: Context, say: Say): Part<void> {
  const at = mmap(u, 0, PAGE, RW, PRIVATE, -1, 0) ?? (yield);
  u.store(at, 7) ?? (yield);
  say('futex_wait other value', (futex_wait(u, at, 8) ?? (yield)) === 0);
  say('futex_wake nobody', futex_wake(u, at, 1) ?? (yield));
  say('futex misaligned', (futex_wake(u, at + 1, 1) ?? (yield)) >= 0);
}

function* files(u: Context, say: Say): Part<void> {
  const fd = yield* open(u, 'f', O_CREATE | O_RDWR);
  u.store(BUFFER, 0x64636261) ?? (yield);
  say('write', write(u, fd, BUFFER, 4) ?? (yield));
  say('read at end', read(u, fd, BUFFER, 4) ?? (yield));
  say('dup', (dup(u, fd) ?? (yield)) > fd);
  yield* unlink(u, 'f');
  say('write unlinked', write(u, fd, BUFFER, 4) ?? (yield));
  say('open unlinked', (yield* open(u, 'f', 0)) >= 0);
  const ends = yield* pipe(u);
  if (ends === undefined) return;
  close(u, ends.writes) ?? (yield);
  say('read of a closed pipe', read(u, ends.reads, BUFFER, 1) ?? (yield));
}

/** Answers by question: `ok`, `fails`, or a number. @throws Error when the program did not end well. */
export function kernelAnswers(): Map<string, string> {
  const answers = new Map<string, string>();
  const say: Say = (question, answer) => {
    answers.set(question, typeof answer === 'number' ? `${answer}` : answer ? 'ok' : 'fails');
  };
  const situation = new Situation(
    {
      *main(u) {
        for (const part of [mappings, segments, posix, futexes, files]) yield* part(u, say);
      },
    },
    [['main']],
    { ncpu: 1 },
  );
  const { statuses, problems, output } = situation.execute('round-robin', 1);
  if (statuses.get(2) !== 0 || problems.length > 0) throw new Error(`${problems} ${output}`);
  return answers;
}

/** The rows of that table in a page: what it says of a question, here and on Linux. */
export function tableOf(page: string): Map<string, { here: string; linux: string }> {
  const section = page.split('## Beside Linux')[1] ?? '';
  return new Map(
    [...section.matchAll(/^\| ([^|`]+?) \| (\w+) \| (\w+) \|/gm)]
      .filter(([, question]) => question !== 'question')
      .map(([, question = '', here = '', linux = '']) => [question, { here, linux }]),
  );
}
