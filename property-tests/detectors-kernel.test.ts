import { describe, test } from 'vitest';
import type { MutantName } from '../kernel/mutants.ts';
import { reportedIn, silentIn } from './findings.ts';

/**
 * What each detector says, alone, of defects of different kinds. Every pattern names who, and the
 * word, frame or lock.
 */
const WRONG: Readonly<Record<string, readonly (readonly [MutantName, string, RegExp])[]>> = {
  race: [
    ['shm-map-unlocked', 'two-open-close', /data race on shm\[\d\]\S*: .*pid \d+ in shm_map/],
    ['shm-close-unlocked-decrement', 'two-open-close', /data race on shm\[\d\]\S*: .*pid \d+/],
    ['fork-parent-unlocked', 'fork-both', /data race on proc\[\d\]\.parent: .*pid \d+/],
  ],
  'lock-discipline': [
    ['shm-map-unlocked', 'map-close', /shm\[\d\]\.\S+ touched without shm\.lock\n.*in shm_map/],
    ['shm-close-unlocked-decrement', 'open-close', /refs touched without shm.lock\n.*shm_close/],
    ['exit-close-unlocked', 'map-exit', /touched without shm\.lock\n.*in exit/],
  ],
  'use-after-free': [
    ['kalloc-apart', 'heap-heap', /frame 0x\S+ given out twice\n.*pid \d+/],
    ['shm-close-unmapped', 'open-again', /frame 0x\S+\n.*freed at step \d+ by pid \d+/],
    [
      'shm-close-no-sfence',
      'fault-holder',
      /use after free of frame 0x\S+\n.*freed at step \d+ by/,
    ],
  ],
  'stale-tlb': [
    ['shm-close-no-sfence', 'use-closed', /stale translation of 0x\S+ used\n.*not mapped any more/],
    ['sched-keeps-tlb', 'use-moved', /stale translation of 0x\S+ used/],
    ['sbrk-no-sfence', 'use-shrunk', /stale translation of 0x\S+ used\n.*pid \d+/],
  ],
  isolation: [
    ['uvmcopy-shares', 'fork-touch', /pid \d+ reaches a private frame of pid \d+\n.*frame 0x/],
    ['kalloc-apart', 'full-tables', /pid \d+ reaches a private frame of pid \d+\n.*frame 0x/],
    [
      'shm-close-frees-as-private',
      'fork-fork',
      /pid \d+ reaches a private frame of pid \d+\n.*frame 0x/,
    ],
  ],
  dangling: [
    [
      'shm-close-frees-before-unmap',
      'map-close',
      /freed while pid 2 maps it at 0x4\S+\n.*shm_close/,
    ],
    ['shm-close-frees-as-private', 'map-fork', /frame freed while pid \d+ maps it/],
    ['shm-close-frees-as-private', 'fork-close', /frame freed while pid \d+ maps it/],
  ],
  refcount: [
    ['shm-close-split-decrement', 'open-open', /shm\[\d\]\.refs = \d, held by/],
    ['shm-fork-uncounted', 'open-fork', /freed too early/],
    ['shm-open-full-keeps-reference', 'open-full', /never be freed/],
  ],
  objects: [
    ['shm-open-create-apart', 'open-open', /are both "\S+"/],
    ['shm-trunc-again', 'trunc-twice', /"\S+" had \d pages and has \d/],
    ['shm-open-late-name', 'open-close', /is in use but has no name\n.*in shm_open/],
  ],
  leak: [
    ['shm-map-frame-apart', 'map-map', /neither free nor used; pid \d+ allocated it .*shm_map/],
    ['fork-oom-keeps-child', 'fork-scarce', /leak: /],
    ['kfree-apart', 'heap-heap', /neither free nor used/],
  ],
  'sleeping-with-lock': [
    ['shm-close-leaks-lock', 'close-closed', /returns from shm_close with shm\.lock held/],
    ['wait-keeps-child-lock', 'exit-wait', /sleeps with proc\[1\]\.lock held/],
    ['write-sleeps-with-lock', 'write-write', /sleeps with cons\.lock held/],
  ],
  'lock-order': [
    ['exit-locks-itself-first', 'exit-wait', /proc\.lock/],
    ['shm-map-checks-killed', 'map-fork', /circle: .*shm\.lock.*\n.*takes \S+ while it holds/],
  ],
  deadlock: [
    [
      'exit-locks-itself-first',
      'exit-wait',
      /deadlock: 2 CPUs wait.*\nCPU \d .* waits for .* held by CPU/,
    ],
    ['releasesleep-forgets-wakeup', 'write-write', /processes sleep .*\npid \d+ \S+ sleeps on/],
    ['exit-wakes-early', 'exit-wait', /processes sleep .*\npid \d+ \S+ sleeps on/],
  ],
  linearizability: [
    ['shm-trunc-answers-early', 'trunc-trunc', /no order of the calls explains pid \d+ shm_trunc/],
    ['shm-trunc-again', 'trunc-twice', /no order of the calls explains pid \d+ shm_trunc/],
    ['shm-open-create-apart', 'trunc-trunc', /no order of the calls explains pid \d+ shm_trunc/],
  ],
  program: [
    ['acquiresleep-apart', 'write-long', /./],
    ['shm-trunc-again', 'trunc-race', /truncrace: pid 2: 3 processes gave foo its size/],
    ['sbrk-no-sfence', 'use-shrunk', /./],
  ],
  panic: [
    ['shm-open-interruptible', 'open-close', /kernel panic: \S+/],
    ['shm-close-leaks-lock', 'close-closed', /panic: acquire\ndouble acquire of shm\.lock by CPU/],
    ['shm-fork-unmapped-child', 'map-fork', /kernel panic: uvmunmap: walk\n.*pid \d+/],
  ],
};

describe.each(Object.entries(WRONG))('%s', (detector, cases) => {
  test.each(cases)('%s in %s', (mutant, scenario, pattern) => {
    reportedIn(scenario, mutant, detector, pattern);
  });
});

/** Situations that look bad: everything at once, everything short, everybody dying. */
test.each([
  'two-open-close',
  'open-race',
  'trunc-race',
  'reuse',
  'fork-close',
  'orphan-close',
  'kill-holder',
  'fault-holder',
  'exec-close',
  'oom',
  'full-tables',
  'preempted',
])('no detector says anything of %s', (scenario) => {
  silentIn(scenario);
});
