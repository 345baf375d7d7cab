/**
 * What fork and page faults cost, in operations of the machine. Copying a frame is no operation,
 * because nobody else can see it; here it counts as one load and one store a word, as it would on
 * hardware.
 */
import { kalloc } from '../kernel/kalloc.ts';
import { Kernel } from '../kernel/kernel.ts';
import { mappage, uvmalloc, uvmcopy, uvmcreate, walk } from '../kernel/pagetable.ts';
import { PARAM } from '../kernel/param.ts';
import {
  type Code,
  flagsOfPte,
  PGWORDS,
  PTE_W,
  PTE_X,
  ppnOfPte,
  Thread,
} from '../machine/index.ts';
import { RoundRobin } from '../scheduler/strategies/round-robin.ts';
import { init } from '../user/programs/init.ts';
import {
  type Context,
  exit,
  fork,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  type Part,
  PROT_READ,
  PROT_WRITE,
  sbrk,
  sbrklazy,
  wait,
} from '../user/ulib.ts';
import { table } from './lib/table.ts';

const PAGES = 64;
const COPY = 2 * PGWORDS;
const GOAL = 10;
const CONFIG = { ...PARAM, ncpu: 1, tickInterval: 0 };

/** xv6's uvmcopy: each page is copied into a frame of the child's own. */
function* copyEagerly(k: Kernel, from: number, to: number): Code<void> {
  for (let page = 0; page < PAGES; page++) {
    const pte = k.m.load(walk(k, from, page)) ?? (yield);
    const ppn = yield* kalloc(k);
    k.m.memory.copyFrame(ppnOfPte(pte), ppn);
    yield* mappage(k, to, page, ppn, flagsOfPte(pte) & 0x1f);
  }
}

/** Operations that it takes to give a child an address space. */
function operations(copy: (k: Kernel, from: number, to: number) => Code): number {
  const k = new Kernel(CONFIG, new Map([['init', init]]), []);
  k.reset();
  let steps = 0;
  const code = function* (): Code<void> {
    const from = yield* uvmcreate(k);
    yield* uvmalloc(k, from, 0, PAGES, PTE_W | PTE_X);
    const to = yield* uvmcreate(k);
    const before = k.m.step;
    yield* copy(k, from, to);
    steps = k.m.step - before;
  };
  k.m.drain(new Thread(-1001, 'bench'), code());
  return steps;
}

/** Memory of PAGES pages; the address. */
type Make = (u: Context) => Part<number>;

/** Operations of an execution that makes memory and touches its first pages. */
function steps(make: Make, touched: number): number {
  const main = function* (u: Context): Part<void> {
    const va = yield* make(u);
    for (let page = 0; page < touched; page++) u.store(va + 4096 * page, 1) ?? (yield);
  };
  const programs = new Map([
    ['init', init],
    ['main', main],
  ]);
  const k = new Kernel(CONFIG, programs, [{ name: 'main', argv: ['main'] }]);
  const strategy = new RoundRobin();
  strategy.begin(1, 2);
  k.run(strategy);
  return k.m.step;
}

const anonymous = (flags: number): Make =>
  function* (u) {
    const rw = PROT_READ | PROT_WRITE;
    return mmap(u, 0, PAGES * 4096, rw, flags | MAP_ANONYMOUS, -1, 0) ?? (yield);
  };

/** A heap that a child has while its parent waits, or that a parent has when its child is gone. */
const inherited = (alone: boolean): Make =>
  function* (u) {
    const va = sbrk(u, PAGES * 4096) ?? (yield);
    const pid = fork(u) ?? (yield);
    if (pid === 0 && alone) exit(u, 0) ?? (yield);
    if (pid !== 0) wait(u) ?? (yield);
    if (pid !== 0 && !alone) exit(u, 0) ?? (yield);
    return va;
  };

const KINDS: readonly (readonly [string, Make])[] = [
  [
    'lazy heap',
    function* (u) {
      return sbrklazy(u, PAGES * 4096) ?? (yield);
    },
  ],
  ['private mapping', anonymous(MAP_PRIVATE)],
  ['shared mapping', anonymous(MAP_SHARED)],
  ['copy on write, copied', inherited(false)],
  ['copy on write, left alone with it', inherited(true)],
];

const eager = operations(copyEagerly);
const lazy = operations((k, from, to) => uvmcopy(k, from, to, 0, PAGES));
const whole = eager + PAGES * COPY;
table(
  [`a child of ${PAGES} pages`, 'operations', 'with the words copied', 'ratio', 'goal'],
  [
    ['copied at once', `${eager}`, `${whole}`, '1.0', ''],
    ['copied on write', `${lazy}`, `${lazy}`, (whole / lazy).toFixed(1), `>= ${GOAL}`],
  ],
);
table(
  ['a page fault, with its page freed', 'operations'],
  KINDS.map(([name, make]) => {
    // The first page pays for the tables.
    const each = (steps(make, PAGES) - steps(make, 1)) / (PAGES - 1);
    return [name, each.toFixed(1)];
  }),
);
