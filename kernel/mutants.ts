import { type Mutant, mutant } from './mutant.ts';
import { FILE_MUTANTS } from './mutants-files.ts';
import { IPC_MUTANTS } from './mutants-ipc.ts';
import { MEMORY_MUTANTS } from './mutants-memory.ts';

export type { Mutant } from './mutant.ts';

/**
 * Mutants: defects that can be switched on, to measure who finds them.
 *
 * Each is ordinary wrong code beside the right code, of a kind that real kernels had. All are off
 * unless asked for, and an execution with all off does the same operations as one without them.
 */
export const MUTANTS = {
  // kernel/shm.ts and kernel/shm-table.ts: objects
  'shm-open-create-apart': mutant(
    'check, then act',
    'open-open',
    'objects',
    2,
    'shm_open lets the lock go between looking for the name and creating it: two of one name',
  ),
  'shm-open-slot-stolen': mutant(
    'check, then act',
    'open-others',
    'objects',
    2,
    'shm_open lets the lock go between finding a free slot and taking it: strangers share it',
  ),
  'shm-open-aba': mutant(
    'check, then act',
    'open-last',
    'objects',
    3,
    'shm_open lets the lock go between finding an object and counting: 0 → 1 on a free slot',
  ),
  'shm-open-late-name': mutant(
    'order',
    'open-close',
    'objects',
    0,
    'shm_open counts the reference, lets the lock go, and only then writes the name',
  ),
  'shm-open-full-keeps-reference': mutant(
    'clean-up',
    'open-full',
    'refcount',
    0,
    'shm_open counts before it looks for a descriptor, and does not uncount when there is none',
  ),
  'shm-open-interruptible': mutant(
    'locking',
    'open-close',
    'panic sleeping-with-lock',
    0,
    'shm_open turns interrupts on while it holds shm.lock',
  ),
  'shm-trunc-apart': mutant(
    'check, then act',
    'trunc-trunc',
    'objects',
    2,
    'shm_trunc lets the lock go between "no size yet?" and setting it: two truncations succeed',
  ),
  'shm-trunc-answers-early': mutant(
    'check, then act',
    'trunc-trunc',
    'linearizability',
    2,
    'shm_trunc lets the lock go and looks again, but answers by what it saw first: two succeed',
  ),
  'shm-trunc-again': mutant(
    'check, then act',
    'trunc-twice',
    'objects',
    0,
    'shm_trunc changes the size of an object that has one, under existing mappings',
  ),
  'shm-close-split-decrement': mutant(
    'counting',
    'open-open',
    'refcount',
    3,
    'shm_close lets the lock go between reading the count and writing it: one decrement is lost',
  ),
  'shm-close-unlocked-decrement': mutant(
    'counting',
    'open-close',
    'lock-discipline race refcount',
    0,
    'shm_close decrements the count outside shm.lock',
  ),
  'shm-close-reread': mutant(
    'counting',
    'open-close',
    'objects',
    0,
    'shm_close decides to destroy on a count read again after the lock was dropped',
  ),
  'shm-close-clears-late': mutant(
    'order',
    'open-close',
    'objects',
    0,
    'shm_close publishes the slot as free, lets the lock go, and clears its fields afterwards',
  ),
  'shm-close-descriptor-late': mutant(
    'order',
    'open-close',
    'refcount',
    0,
    'shm_close drops the reference and the lock before it clears the descriptor',
  ),
  'shm-close-double': mutant(
    'counting',
    'open-close',
    'refcount',
    0,
    "shm_close leaves the descriptor open: the next close takes somebody else's reference",
  ),
  'shm-close-leaks-lock': mutant(
    'locking',
    'close-closed',
    'panic sleeping-with-lock deadlock',
    0,
    'shm_close of a descriptor that is not open returns with shm.lock held',
  ),
  // kernel/shm.ts, shm-descriptors.ts and shm.mutants.ts: mappings
  'shm-map-frame-apart': mutant(
    'check, then act',
    'map-map',
    'leak',
    2,
    'shm_map lets the lock go while it allocates a frame: two frames for one page',
  ),
  'shm-map-unlocked': mutant(
    'locking',
    'map-close',
    'lock-discipline race',
    0,
    'shm_map reads and fills the table of frames without shm.lock',
  ),
  'shm-map-checks-killed': mutant(
    'locking',
    'map-fork',
    'lock-order deadlock',
    0,
    'shm_map takes p->lock inside shm.lock, fork takes them the other way round',
  ),
  'shm-map-again': mutant(
    'clean-up',
    'map-twice',
    'panic',
    0,
    'shm_map maps a descriptor a second time and forgets the first mapping',
  ),
  'shm-map-at-heap-end': mutant(
    'clean-up',
    'map-grow',
    'panic',
    0,
    'shm_map maps where the heap ends: the heap grows into the mapping',
  ),
  'shm-map-oom-keeps-mapping': mutant(
    'clean-up',
    'map-scarce',
    'panic dangling refcount leak',
    0,
    'shm_map out of memory half-way leaves the pages that it has mapped',
  ),
  'shm-close-frees-before-unmap': mutant(
    'order',
    'map-close',
    'dangling',
    0,
    'shm_close frees the frames before it removes their translations',
  ),
  'shm-close-frees-as-private': mutant(
    'clean-up',
    'map-close',
    'use-after-free dangling',
    0,
    'shm_close frees frames as it unmaps them, like private memory',
  ),
  'shm-close-no-sfence': mutant(
    'translation',
    'use-closed',
    'stale-tlb use-after-free',
    0,
    'shm_close removes the mapping from the page table but not from the TLB',
  ),
  'shm-close-unmapped': mutant(
    'clean-up',
    'open-again',
    'use-after-free stale-tlb',
    0,
    'shm_close without a mapping unmaps page 0',
  ),
  'shm-close-frees-own-pages': mutant(
    'clean-up',
    'open-close',
    'objects leak',
    0,
    'the last shm_close frees the frames only if they are mapped here',
  ),
  // kernel/shm.ts: fork, exec and exit
  'shm-fork-split-increment': mutant(
    'counting',
    'fork-open',
    'refcount',
    2,
    'fork lets the lock go between reading the count and writing it: one increment is lost',
  ),
  'shm-fork-unlocked': mutant(
    'locking',
    'open-fork',
    'lock-discipline race refcount',
    0,
    'fork counts references without the lock that shm_close holds',
  ),
  'shm-fork-uncounted': mutant(
    'order',
    'open-fork',
    'refcount',
    0,
    "fork counts the child's references only after the child can run",
  ),
  'shm-fork-oom-keeps-references': mutant(
    'clean-up',
    'fork-scarce',
    'leak refcount',
    0,
    'fork out of memory half-way keeps the references that the child was given',
  ),
  'shm-fork-unmapped-child': mutant(
    'clean-up',
    'map-fork',
    'panic',
    0,
    'fork copies the descriptor but not the mapping',
  ),
  'exec-keeps-shm': mutant(
    'clean-up',
    'map-exec',
    'panic dangling',
    0,
    'exec forgets to unmap and close shared memory',
  ),
  'exit-keeps-shm': mutant(
    'clean-up',
    'map-exit',
    'panic refcount leak',
    0,
    'exit forgets to close shared memory',
  ),
  'exit-close-unlocked': mutant(
    'counting',
    'map-exit',
    'lock-discipline race refcount',
    0,
    'exit releases references without the lock that shm_close holds around it',
  ),
  // kernel/kalloc.ts, kernel/vm.ts, kernel/exec.ts
  'kalloc-apart': mutant(
    'check, then act',
    'heap-heap',
    'leak use-after-free',
    2,
    'kalloc lets the lock go between reading the free list and popping it: one frame for two',
  ),
  'kalloc-oom-keeps-lock': mutant(
    'locking',
    'heap-full',
    'panic sleeping-with-lock deadlock',
    0,
    'kalloc returns with kmem.lock held when memory is out',
  ),
  'kfree-apart': mutant(
    'check, then act',
    'heap-heap',
    'leak use-after-free',
    2,
    'kfree lets the lock go between reading the free list and pushing: a frame is lost',
  ),
  'uvmalloc-oom-keeps-pages': mutant(
    'clean-up',
    'heap-full',
    'panic leak',
    0,
    'sbrk out of memory half-way keeps the pages that it has mapped',
  ),
  'uvmcopy-shares': mutant(
    'clean-up',
    'fork-touch',
    'isolation',
    0,
    "fork shares the parent's private frames with the child and lets both write to them",
  ),
  'exec-oom-keeps-image': mutant(
    'clean-up',
    'exec-scarce',
    'leak',
    0,
    'exec out of memory does not free the image that it has begun',
  ),
  'exec-no-sfence': mutant(
    'translation',
    'exec-touch',
    'use-after-free stale-tlb',
    0,
    'exec replaces the page table and leaves the old translations in the TLB',
  ),
  'sbrk-no-sfence': mutant(
    'translation',
    'use-shrunk',
    'use-after-free stale-tlb',
    0,
    'sbrk frees pages and leaves their translations in the TLB',
  ),
  // kernel/proc.ts, kernel/lifecycle.ts
  'allocproc-apart': mutant(
    'check, then act',
    'fork-both',
    'leak panic use-after-free',
    2,
    'allocproc lets p->lock go between "unused?" and taking the slot: two processes in one',
  ),
  'freeproc-keeps-cpu': mutant(
    'translation',
    'slot-again',
    'stale-tlb use-after-free isolation',
    1,
    "a slot that is used again keeps its last CPU, and so meets its last owner's translations",
  ),
  'fork-oom-keeps-child': mutant(
    'clean-up',
    'fork-scarce',
    'leak',
    0,
    'fork out of memory does not free the child that it has begun',
  ),
  'fork-parent-unlocked': mutant(
    'locking',
    'fork-both',
    'lock-discipline race',
    0,
    "fork sets the child's parent without wait_lock",
  ),
  'exit-wakes-early': mutant(
    'sleep and wakeup',
    'exit-wait',
    'lost-wakeup deadlock',
    2,
    'exit wakes the parent before it is a zombie, and without wait_lock',
  ),
  'wait-checks-apart': mutant(
    'sleep and wakeup',
    'exit-wait',
    'lost-wakeup deadlock',
    2,
    'wait lets wait_lock go between looking for zombies and sleeping: a wakeup between is lost',
  ),
  'wait-keeps-child-lock': mutant(
    'locking',
    'exit-wait',
    'lock-order sleeping-with-lock panic deadlock',
    1,
    'wait goes to sleep with the lock of a child that still runs',
  ),
  'exit-forgets-children': mutant(
    'clean-up',
    'fork-exit',
    'leak panic',
    0,
    'exit does not pass its children to init',
  ),
  'exit-locks-itself-first': mutant(
    'locking',
    'exit-wait',
    'lock-order deadlock',
    0,
    'exit takes p->lock before wait_lock, wait takes them the other way round',
  ),
  'sleep-misses-kill': mutant(
    'sleep and wakeup',
    'pipe-kill',
    'lost-wakeup',
    2,
    'sleep does not look at p->killed: a kill between the look and the sleep is lost, as in xv6',
  ),
  'kill-unlocked': mutant(
    'locking',
    'fork-kill',
    'lock-discipline race',
    0,
    'kill looks at processes and changes one without p->lock',
  ),
  // kernel/sched.ts, kernel/sleeplock.ts
  'sleep-releases-first': mutant(
    'sleep and wakeup',
    'exit-wait',
    'lost-wakeup deadlock',
    2,
    'sleep lets the condition lock go before it holds p->lock: a wakeup between is lost',
  ),
  'sleep-with-lock': mutant(
    'locking',
    'exit-wait',
    'panic sleeping-with-lock',
    1,
    'sleep keeps the condition lock while it sleeps',
  ),
  'wakeup-peeks': mutant(
    'sleep and wakeup',
    'exit-wait',
    'lost-wakeup deadlock',
    2,
    'wakeup looks without p->lock who sleeps: it misses one who is about to',
  ),
  'write-sleeps-with-lock': mutant(
    'locking',
    'write-write',
    'sleeping-with-lock panic lock-order deadlock',
    1,
    'write waits for the console holding the spinlock that printing needs',
  ),
  'acquiresleep-apart': mutant(
    'check, then act',
    'write-long',
    'program',
    2,
    'acquiresleep lets the lock go between "free?" and taking it: two processes have it',
  ),
  'releasesleep-forgets-wakeup': mutant(
    'sleep and wakeup',
    'write-write',
    'deadlock lost-wakeup',
    2,
    'releasesleep does not wake who waits for the lock',
  ),
  'releasesleep-wakes-first': mutant(
    'sleep and wakeup',
    'write-write',
    'deadlock lost-wakeup',
    3,
    'releasesleep wakes the waiters before it lets the lock go',
  ),
  'release-before-fence': mutant(
    'order',
    'exit-wait',
    'lost-wakeup panic',
    3,
    'release stores before its fence: the lock is free before what it guards is in memory',
    'pso',
  ),
  'sched-keeps-tlb': mutant(
    'translation',
    'use-moved',
    'stale-tlb use-after-free isolation',
    2,
    'a process that comes back to a CPU finds the translations that it left there',
  ),
  ...FILE_MUTANTS,
  ...MEMORY_MUTANTS,
  ...IPC_MUTANTS,
} as const satisfies Readonly<Record<string, Mutant>>;

export type MutantName = keyof typeof MUTANTS;

/** Which mutants are on. */
export type Mutants = Readonly<Record<MutantName, boolean>>;

export function isMutant(name: string): name is MutantName {
  return Object.hasOwn(MUTANTS, name);
}

/** Switches with these mutants on. One shape for all, so that a switch that is off costs a load. */
export function switches(on: readonly MutantName[]): Mutants {
  const all = Object.fromEntries(Object.keys(MUTANTS).map((name) => [name, false]));
  for (const name of on) all[name] = true;
  return all as Mutants;
}
