/** Every user program, by the name that exec and the command line know. */
import type { Program } from '../ulib.ts';
import { afterclose } from './afterclose.ts';
import { badcalls } from './badcalls.ts';
import { cat } from './cat.ts';
import { churn } from './churn.ts';
import { complete } from './complete.ts';
import { execclose } from './execclose.ts';
import { filerace } from './filerace.ts';
import { filescarce } from './filescarce.ts';
import { forkReceiver } from './fork-receiver.ts';
import { forkclose } from './forkclose.ts';
import { heapshrink } from './heapshrink.ts';
import { init } from './init.ts';
import { killer } from './killer.ts';
import { leave } from './leave.ts';
import { limits } from './limits.ts';
import { named } from './named.ts';
import { noclose } from './noclose.ts';
import { orphan } from './orphan.ts';
import { pipetest } from './pipetest.ts';
import { preempt } from './preempt.ts';
import { prodcons } from './prodcons.ts';
import { readwrite } from './readwrite.ts';
import { rofault } from './rofault.ts';
import { scaling } from './scaling.ts';
import { scarce } from './scarce.ts';
import { script } from './script.ts';
import { segments } from './segments.ts';
import { share } from './share.ts';
import { sharedfd } from './sharedfd.ts';
import { shmfork } from './shmfork.ts';
import { shmreader } from './shmreader.ts';
import { shmsbrk } from './shmsbrk.ts';
import { shmtest } from './shmtest.ts';
import { shmwriter } from './shmwriter.ts';
import { testmmap } from './testmmap.ts';
import { testmmfork } from './testmmfork.ts';
import { truncrace } from './truncrace.ts';
import { trunctwice } from './trunctwice.ts';
import { unmapped } from './unmapped.ts';
import { wander } from './wander.ts';
import { x5 } from './x5.ts';

export interface ProgramEntry {
  readonly summary: string;
  /** Arguments, as a usage line shows them. */
  readonly usage: string;
  readonly program: Program;
}

const entry = (summary: string, usage: string, program: Program): ProgramEntry => ({
  summary,
  usage,
  program,
});

export const PROGRAMS: Readonly<Record<string, ProgramEntry>> = {
  init: entry('waits for all other processes, then halts', '', init),
  shmtest: entry(
    'processes fill slices of one object, which is then verified',
    'NAME SIZE NPROC',
    shmtest,
  ),
  share: entry('writes a greeting with its pid for a fork-receiver that it starts', 'NAME', share),
  'fork-receiver': entry('reads the greeting of a share with that pid', 'NAME PID', forkReceiver),
  shmwriter: entry('writes words for a shmreader', 'NAME WORDS', shmwriter),
  shmreader: entry('waits for the words of a shmwriter and verifies them', 'NAME WORDS', shmreader),
  shmfork: entry('a child inherits descriptor and mapping', 'NAME', shmfork),
  rofault: entry('a store to a read-only mapping kills the process', 'NAME', rofault),
  afterclose: entry('an access after shm_close kills the process', 'NAME', afterclose),
  noclose: entry('exit without shm_close leaves nothing', 'NAME', noclose),
  limits: entry("reaches the kernel's limits", 'OBJECTS DESCRIPTORS PAGES', limits),
  trunctwice: entry('the second shm_trunc of an object fails', 'NAME', trunctwice),
  killer: entry('kills a process that holds shared memory', 'NAME', killer),
  execclose: entry('exec closes and unmaps all', 'NAME', execclose),
  shmsbrk: entry('the heap never grows into the shared-memory window', 'NAME', shmsbrk),
  leave: entry('uses an object and leaves closing it to exit', 'NAME', leave),
  forkclose: entry('parent and child close what they share at the same time', 'NAME', forkclose),
  truncrace: entry('processes size one object; one succeeds', 'NAME NPROC', truncrace),
  orphan: entry('a parent exits before its child, which goes on', 'NAME', orphan),
  scarce: entry('goes on where memory, slots or processes run out', 'NAME ROUNDS [PAGES]', scarce),
  badcalls: entry('calls that must fail do', 'NAME', badcalls),
  unmapped: entry('the last close is of a process that never mapped it', 'NAME', unmapped),
  wander: entry('changes CPUs while it maps and unmaps', 'NAME ROUNDS', wander),
  heapshrink: entry('an access to memory that sbrk took away kills the process', '', heapshrink),
  script: entry(
    'does one call after the other, for situations as small as can be',
    '[STEP...]',
    script,
  ),
  churn: entry('opens, sizes, maps and closes an object in a loop', 'NAME ROUNDS', churn),
  scaling: entry(
    'processes do shared-memory operations at once',
    'NAME NPROC ROUNDS ACCESSES',
    scaling,
  ),
  x5: entry('two processes change x = 5 at once, and it is printed', 'NAME none|mutex', x5),
  prodcons: entry(
    'a producer and a consumer share a buffer in shared memory',
    'NAME none|spin|mutex|sem|monitor ITEMS',
    prodcons,
  ),
  complete: entry(
    'a segment with a semaphore, a counter and a message, written and read five times',
    'KEY',
    complete,
  ),
  segments: entry('makes, attaches and removes a segment in a loop', 'KEY ROUNDS', segments),
  testmmap: entry('maps a file and anonymous memory, and unmaps parts', 'FILE', testmmap),
  testmmfork: entry('a child has private and shared mappings of its parent', 'FILE', testmmfork),
  named: entry('makes, sizes, maps and unlinks a POSIX object in a loop', 'NAME ROUNDS', named),
  cat: entry('prints a file', 'FILE', cat),
  readwrite: entry('writes a file, reads it again and removes it', 'FILE PIECES', readwrite),
  filerace: entry('opens, writes, unlinks and closes a file in a loop', 'FILE ROUNDS', filerace),
  sharedfd: entry('parent and child write through one descriptor', 'FILE TIMES', sharedfd),
  pipetest: entry('a child writes words to a pipe, the parent reads them', 'WORDS CHUNK', pipetest),
  preempt: entry('kills children that spin; one of them was heard through a pipe', '', preempt),
  filescarce: entry('goes on where files, blocks or pipes run out', 'FILE ROUNDS', filescarce),
};
