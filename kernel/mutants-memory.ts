import { type Mutant, mutant } from './mutant.ts';

/** Mutants of page faults, copy on write and mapped areas; see mutants.ts. */
export const MEMORY_MUTANTS = {
  // kernel/kalloc.ts: owners of frames
  'kref-apart': mutant(
    'counting',
    'cow-fork',
    'leak',
    2,
    'kref lets the lock go between reading the count and writing it: one that went is counted',
  ),
  'kfree-count-apart': mutant(
    'counting',
    'cow-cow',
    'leak',
    2,
    'kfree lets the lock go between reading the count and writing it: nobody is the last',
  ),
  'kfree-rereads': mutant(
    'counting',
    'cow-cow',
    'use-after-free',
    3,
    'kfree lets the lock go after it has counted, and frees when the count is 0 then: both free',
  ),
  // kernel/vm.ts: page faults
  'cow-writes-in-place': mutant(
    'check, then act',
    'cow-cow',
    'isolation',
    0,
    'a page fault makes a page writable that is to be copied, whoever else has it',
  ),
  'cow-lets-go-first': mutant(
    'order',
    'cow-scarce',
    'use-after-free dangling panic',
    0,
    'a page fault lets the shared frame go before it has a copy: when memory is out, it has neither',
  ),
  'cow-no-sfence': mutant(
    'translation',
    'cow-copyout',
    'use-after-free stale-tlb program',
    0,
    'a copy on write leaves the translation to the old frame in the TLB',
  ),
  'fault-oom-keeps-frame': mutant(
    'clean-up',
    'fault-scarce',
    'leak',
    0,
    'a page fault without memory for a table does not free the frame that it wanted to map',
  ),
  // kernel/lifecycle.ts, kernel/pagetable.ts, kernel/exec.ts
  'fork-no-sfence': mutant(
    'translation',
    'cow-parent',
    'stale-tlb isolation',
    0,
    'fork makes pages read-only and leaves the right to write to them in the TLB',
  ),
  'fork-areas-uncounted': mutant(
    'counting',
    'area-fork',
    'refcount panic',
    0,
    'fork gives the child the shared areas without counting them where they come from',
  ),
  'fork-oom-keeps-areas': mutant(
    'clean-up',
    'area-fork-scarce',
    'panic refcount leak',
    0,
    'fork out of memory half-way leaves the areas that the child was given',
  ),
  'exec-keeps-areas': mutant(
    'clean-up',
    'area-exec',
    'panic',
    0,
    'exec forgets to remove the mapped areas',
  ),
  'exit-keeps-areas': mutant(
    'clean-up',
    'area-exit',
    'panic refcount leak',
    0,
    'exit forgets to remove the mapped areas',
  ),
  // kernel/mmap.ts, kernel/pageobject.ts
  'munmap-no-sfence': mutant(
    'translation',
    'use-unmapped',
    'stale-tlb use-after-free',
    0,
    'munmap removes pages from the page table but not from the TLB',
  ),
  'munmap-split-uncounted': mutant(
    'counting',
    'area-split',
    'refcount',
    0,
    'munmap that splits a shared area does not count the second half where it comes from',
  ),
  'object-page-apart': mutant(
    'check, then act',
    'fault-fault',
    'leak',
    2,
    'a page fault lets the lock go while it makes a shared page: two frames for one page',
  ),
  'object-open-unlocked': mutant(
    'locking',
    'area-fork',
    'lock-discipline race refcount',
    0,
    'fork counts references to shared areas without the lock that munmap holds',
  ),
  'object-shrinks-no-shootdown': mutant(
    'translation',
    'file-area-cut',
    'stale-tlb use-after-free',
    2,
    'a file that is cut takes its pages from page tables, and from no other TLB than its own',
  ),
  // kernel/mapfile.ts
  'munmap-forgets-writeback': mutant(
    'clean-up',
    'file-area',
    'linearizability program',
    0,
    'munmap does not write changed pages back to their file',
  ),
  'munmap-writes-clean': mutant(
    'clean-up',
    'file-area-read',
    'linearizability program',
    0,
    'munmap writes pages back that were only read, over what the file has got since',
  ),
  'mapfile-uncounted': mutant(
    'counting',
    'file-area-unlink',
    'refcount',
    0,
    'mmap does not count that a mapping needs its file',
  ),
  'mapfile-checks-early': mutant(
    'check, then act',
    'file-area-touch',
    'objects',
    2,
    'a page fault looks whether the file has the page, lets its lock go, and brings in what was cut',
  ),
  'sbrk-ignores-areas': mutant(
    'clean-up',
    'heap-area',
    'panic',
    0,
    'sbrk lets the heap grow into a mapped area',
  ),
} as const satisfies Readonly<Record<string, Mutant>>;
