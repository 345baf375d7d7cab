import { type Mutant, mutant } from './mutant.ts';

/** Mutants of System V and POSIX shared memory and of futexes; see mutants.ts. */
export const IPC_MUTANTS = {
  // kernel/sysv.ts
  'sysv-attach-apart': mutant(
    'check, then act',
    'segment-remove',
    'life-cycle',
    2,
    'shmat looks the segment up, lets the lock go, and attaches without a second look',
  ),
  'sysv-rmid-apart': mutant(
    'check, then act',
    'segment-remove',
    'life-cycle',
    2,
    'IPC_RMID lets the lock go between counting attachments and marking: the last detach misses it',
  ),
  'sysv-rmid-keeps-key': mutant(
    'clean-up',
    'segment-marked',
    'life-cycle',
    0,
    'IPC_RMID leaves the key of a segment that is still attached',
  ),
  'sysv-detach-apart': mutant(
    'counting',
    'segment-leave',
    'life-cycle',
    2,
    'shmdt lets the lock go between reading the count and writing it: one decrement is lost',
  ),
  'sysv-fork-uncounted': mutant(
    'counting',
    'segment-fork',
    'life-cycle',
    0,
    "fork copies attachments and does not count the child's",
  ),
  'sysv-id-reused': mutant(
    'check, then act',
    'segment-again',
    'life-cycle',
    0,
    'a segment in a slot that was used before gets the identifier of its predecessor',
  ),
  'sysv-exclusive-early': mutant(
    'check, then act',
    'segment-exclusive',
    'linearizability',
    2,
    'shmget lets the lock go and looks again, but judges IPC_EXCL by what it saw first: two succeed',
  ),
  // kernel/posix.ts
  'posix-exclusive-early': mutant(
    'check, then act',
    'posix-exclusive',
    'linearizability',
    2,
    'shm_open lets the lock go and looks again, but judges O_EXCL by what it saw first: two succeed',
  ),
  'posix-size-early': mutant(
    'order',
    'posix-grow',
    'life-cycle',
    0,
    'ftruncate lets the lock go when it has set the size, before the object has the pages',
  ),
  'posix-create-apart': mutant(
    'check, then act',
    'posix-open-both',
    'life-cycle',
    2,
    'shm_open lets the lock go between looking for a name and making its object: two of one name',
  ),
  'posix-open-apart': mutant(
    'check, then act',
    'posix-open-unlink',
    'life-cycle',
    2,
    'shm_open lets the lock go between finding an object and counting: it was unlinked meanwhile',
  ),
  'posix-unlink-apart': mutant(
    'check, then act',
    'posix-close-unlink',
    'life-cycle',
    2,
    'shm_unlink lets the lock go after it has counted who has the object open: a close is missed',
  ),
  'posix-unlink-destroys': mutant(
    'clean-up',
    'posix-unlinked',
    'life-cycle refcount',
    0,
    'shm_unlink destroys an object that is open and mapped',
  ),
  // kernel/futex.ts
  'futex-wait-apart': mutant(
    'sleep and wakeup',
    'futex-raise',
    'deadlock lost-wakeup',
    2,
    'futex_wait lets the lock go between looking at the word and sleeping: a wakeup is lost',
  ),
  'futex-wait-blind': mutant(
    'sleep and wakeup',
    'futex-raise',
    'deadlock',
    2,
    'futex_wait does not look at the word: a change and its wakeup before the wait are lost',
  ),
  'futex-by-frame': mutant(
    'translation',
    'futex-lone',
    'program',
    1,
    'futexes are known by frame: after a fork a wake finds who waits for its own copy of the word',
  ),
  'futex-by-address': mutant(
    'translation',
    'futex-moved',
    'deadlock',
    1,
    'futexes are known by virtual address: processes with other mappings do not meet',
  ),
} as const satisfies Readonly<Record<string, Mutant>>;
