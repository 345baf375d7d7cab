/**
 * Mutants: defects that can be switched on, to measure who finds them.
 *
 * Each is ordinary wrong code beside the right code, of a kind that real kernels had. All are off
 * unless asked for, and an execution with all off does the same operations as one without them.
 */
export interface Mutant {
  /** What is wrong, in one line. */
  readonly summary: string;
  /** The kind of mistake. */
  readonly kind:
    | 'check, then act'
    | 'counting'
    | 'order'
    | 'clean-up'
    | 'translation'
    | 'locking'
    | 'sleep and wakeup';
  /** The smallest scenario that can show it; without the mutant, it is the correct twin. */
  readonly scenario: string;
  /** Detectors that may report it, whichever sees it first. */
  readonly detectors: readonly string[];
  /** Ordering constraints that a schedule must meet to show it; 0 if every schedule does. */
  readonly depth: number;
}

function mutant(
  kind: Mutant['kind'],
  scenario: string,
  detectors: string,
  depth: number,
  summary: string,
): Mutant {
  return { summary, kind, scenario, detectors: detectors.split(' '), depth };
}

export const MUTANTS = {
  // kernel/shm.ts
  'shm-open-create-apart': mutant(
    'check, then act',
    'open-race',
    'objects',
    2,
    'shm_open lets the lock go between looking for the name and creating it: two of one name',
  ),
  'shm-open-slot-stolen': mutant(
    'check, then act',
    'strangers',
    'objects',
    2,
    'shm_open lets the lock go between finding a free slot and taking it: strangers share it',
  ),
  'shm-open-late-name': mutant(
    'order',
    'open-race',
    'objects',
    1,
    'shm_open counts the reference, lets the lock go, and only then writes the name',
  ),
  'shm-open-aba': mutant(
    'check, then act',
    'open-race',
    'objects',
    2,
    'shm_open lets the lock go between finding an object and counting: 0 → 1 on a free slot',
  ),
  'shm-open-full-keeps-reference': mutant(
    'clean-up',
    'no-descriptors',
    'refcount',
    0,
    'shm_open counts before it looks for a descriptor, and does not uncount when there is none',
  ),
  'shm-trunc-apart': mutant(
    'check, then act',
    'trunc-race',
    'objects',
    2,
    'shm_trunc lets the lock go between "no size yet?" and setting it: two truncations succeed',
  ),
  'shm-trunc-again': mutant(
    'check, then act',
    'trunc-race',
    'objects',
    0,
    'shm_trunc changes the size of an object that has one, under existing mappings',
  ),
  'shm-map-frame-apart': mutant(
    'check, then act',
    'two-open-close',
    'leak',
    2,
    'shm_map lets the lock go while it allocates a frame: two frames for one page',
  ),
  'shm-map-unlocked': mutant(
    'locking',
    'two-open-close',
    'lock-discipline race',
    0,
    'shm_map reads and fills the table of frames without shm.lock',
  ),
  'shm-map-oom-keeps-mapping': mutant(
    'clean-up',
    'oom',
    'panic dangling refcount leak',
    1,
    'shm_map out of memory half-way leaves the pages that it has mapped',
  ),
  'shm-map-checks-killed': mutant(
    'locking',
    'fork-close',
    'lock-order deadlock',
    2,
    'shm_map takes p->lock inside shm.lock, fork takes them the other way round',
  ),
  'shm-open-interruptible': mutant(
    'locking',
    'two-open-close',
    'panic sleeping-with-lock',
    0,
    'shm_open turns interrupts on while it holds shm.lock',
  ),
  'shm-close-unlocked-decrement': mutant(
    'counting',
    'two-open-close',
    'lock-discipline race refcount',
    0,
    'shm_close decrements the count outside shm.lock',
  ),
  'shm-close-split-decrement': mutant(
    'counting',
    'two-open-close',
    'refcount use-after-free objects',
    2,
    'shm_close lets the lock go between reading the count and writing it: one decrement is lost',
  ),
  'shm-close-reread': mutant(
    'counting',
    'two-open-close',
    'objects use-after-free panic refcount',
    2,
    'shm_close decides to destroy on a count read again after the lock was dropped',
  ),
  'shm-close-clears-late': mutant(
    'order',
    'two-open-close',
    'objects refcount leak dangling panic',
    1,
    'shm_close publishes the slot as free, lets the lock go, and clears its fields afterwards',
  ),
  'shm-close-descriptor-late': mutant(
    'order',
    'two-open-close',
    'refcount',
    0,
    'shm_close drops the reference and the lock before it clears the descriptor',
  ),
  'shm-close-frees-before-unmap': mutant(
    'order',
    'two-open-close',
    'dangling',
    0,
    'shm_close frees the frames before it removes their translations',
  ),
  'shm-close-no-sfence': mutant(
    'translation',
    'fault-holder',
    'stale-tlb use-after-free isolation',
    0,
    'shm_close removes the mapping from the page table but not from the TLB',
  ),
  'shm-close-leaks-lock': mutant(
    'locking',
    'bad-close',
    'sleeping-with-lock panic deadlock',
    0,
    'shm_close of a descriptor that is not open returns with shm.lock held',
  ),
  'shm-close-unmapped': mutant(
    'clean-up',
    'close-unmapped',
    'panic use-after-free',
    0,
    'shm_close without a mapping unmaps page 0',
  ),
  'shm-close-frees-own-pages': mutant(
    'clean-up',
    'close-unmapped',
    'objects leak',
    1,
    'the last shm_close frees the frames only if they are mapped here',
  ),
  'shm-close-double': mutant(
    'counting',
    'two-open-close',
    'refcount panic',
    0,
    "shm_close leaves the descriptor open: the next close takes somebody else's reference",
  ),
  'shm-fork-split-increment': mutant(
    'counting',
    'fork-fork',
    'refcount use-after-free',
    2,
    'fork lets the lock go between reading the count and writing it: one increment is lost',
  ),
  'shm-fork-uncounted': mutant(
    'order',
    'fork-close',
    'refcount',
    0,
    "fork counts the child's references only after the child can run",
  ),
  'shm-fork-oom-keeps-references': mutant(
    'clean-up',
    'oom',
    'refcount leak panic',
    1,
    'fork out of memory half-way keeps the references that the child was given',
  ),
  'shm-fork-unmapped-child': mutant(
    'clean-up',
    'fork-close',
    'panic',
    0,
    'fork copies the descriptor but not the mapping',
  ),
  'exec-keeps-shm': mutant(
    'clean-up',
    'exec-close',
    'panic dangling',
    0,
    'exec forgets to unmap and close shared memory',
  ),
  'exit-keeps-shm': mutant(
    'clean-up',
    'close-exit',
    'panic refcount leak',
    0,
    'exit forgets to close shared memory',
  ),
  'exit-close-unlocked': mutant(
    'counting',
    'close-exit',
    'lock-discipline race refcount',
    0,
    'exit releases references without the lock that shm_close holds around it',
  ),
  // kernel/kalloc.ts
  'kalloc-apart': mutant(
    'check, then act',
    'two-open-close',
    'use-after-free panic leak',
    2,
    'kalloc lets the lock go between reading the free list and popping it: one frame for two',
  ),
  'kalloc-oom-keeps-lock': mutant(
    'locking',
    'oom',
    'panic sleeping-with-lock deadlock',
    0,
    'kalloc returns with kmem.lock held when memory is out',
  ),
  'kfree-apart': mutant(
    'check, then act',
    'two-open-close',
    'leak use-after-free',
    2,
    'kfree lets the lock go between reading the free list and pushing: a frame is lost',
  ),
  // kernel/proc.ts, kernel/lifecycle.ts
  'allocproc-apart': mutant(
    'check, then act',
    'fork-fork',
    'panic leak use-after-free lock-discipline refcount isolation race deadlock',
    2,
    'allocproc lets p->lock go between "unused?" and taking the slot: two processes in one',
  ),
  'fork-oom-keeps-child': mutant(
    'clean-up',
    'oom',
    'leak',
    1,
    'fork out of memory does not free the child that it has begun',
  ),
  'exit-wakes-early': mutant(
    'sleep and wakeup',
    'fork-close',
    'deadlock',
    2,
    'exit wakes the parent before it is a zombie, and without wait_lock',
  ),
  'exit-forgets-children': mutant(
    'clean-up',
    'orphan-close',
    'leak panic',
    1,
    'exit does not pass its children to init',
  ),
  // kernel/sched.ts
  'sleep-releases-first': mutant(
    'sleep and wakeup',
    'fork-close',
    'deadlock lost-wakeup',
    2,
    'sleep lets the condition lock go before it holds p->lock: a wakeup between is lost',
  ),
  'sleep-with-lock': mutant(
    'locking',
    'fork-close',
    'panic sleeping-with-lock',
    0,
    'sleep keeps the condition lock while it sleeps',
  ),
  'sched-keeps-tlb': mutant(
    'translation',
    'migrate',
    'stale-tlb use-after-free isolation',
    3,
    'a process that comes back to a CPU finds the translations that it left there',
  ),
  // kernel/syscall.ts
  'sbrk-into-window': mutant(
    'clean-up',
    'heap-window',
    'panic program',
    0,
    'sbrk grows the heap into the shared-memory window',
  ),
  'sbrk-no-sfence': mutant(
    'translation',
    'heap-shrink',
    'stale-tlb use-after-free isolation',
    0,
    'sbrk frees pages and leaves their translations in the TLB',
  ),
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
