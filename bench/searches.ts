/**
 * What a systematic search costs: traces a second on programs whose number of traces is published,
 * what is kept in memory for them, and a kernel scenario within a bound and a focus.
 */
import type { Model } from '../property-tests/truth/model.ts';
import { fibBench, lastzero, readers } from '../property-tests/truth/programs.ts';
import { Dfs } from '../scheduler/search/dfs.ts';
import { Dpor } from '../scheduler/search/dpor.ts';
import type { Search } from '../scheduler/search.ts';
import { guestSpec } from '../src/subject/kernel-spec.ts';
import { explore } from '../src/verbs/explore.ts';
import { interleave, median } from './lib/measure.ts';
import { table } from './lib/table.ts';

const ROUNDS = 7;
const GOAL = 20_000;

const dpor = (): Search => new Dpor();
const bounded = (): Search => new Dfs({ merges: true, preemptions: 2 });
const measured = [
  { name: 'lastzero(10)', program: lastzero(10).program, make: dpor },
  { name: 'readers(13)', program: readers(13).program, make: dpor },
  { name: 'fib_bench(3)', program: fibBench(3).program, make: dpor },
  { name: 'fib_bench(5)', program: fibBench(5).program, make: dpor },
  { name: 'fib_bench(5), at most 2 preemptions', program: fibBench(5).program, make: bounded },
];

interface Case {
  readonly name: string;
  traces: number;
  executions: number;
}

const cases: Case[] = [];
const bodies: (() => number)[] = [];
for (const { name, program, make } of measured) {
  const c: Case = { name, traces: 0, executions: 0 };
  cases.push(c);
  bodies.push(() => {
    const began = performance.now();
    let rounds = 0;
    for (; performance.now() - began < 300 || rounds === 0; rounds++) {
      const search = make();
      c.executions = 0;
      do {
        search.begin(0, program.lanes.length);
        program.run(search);
        c.executions++;
      } while (search.next());
      c.traces = search.traces;
    }
    return (1000 * rounds * c.traces) / (performance.now() - began);
  });
}
const figures = interleave(ROUNDS, bodies);
table(
  ['program, search', 'traces', 'executions', 'traces/s', 'goal', 'ratio'],
  cases.map(({ name, traces, executions }, i) => {
    const perSecond = median(figures[i] ?? []);
    const row = [name, String(traces), String(executions), perSecond.toFixed(0)];
    return [...row, `>= ${GOAL}`, (perSecond / GOAL).toFixed(2)];
  }),
);

/** Heap that is in use after so many traces each. */
function heap({ program }: Model, every: number): string {
  const search = new Dpor();
  const sizes: string[] = [];
  do {
    search.begin(0, program.lanes.length);
    program.run(search);
    if (search.traces % every === every - 1) {
      globalThis.gc?.();
      sizes.push((process.memoryUsage().heapUsed / 2 ** 20).toFixed(1));
    }
  } while (search.next());
  return sizes.join(' ');
}
// Of the first it must not grow with the traces; the second plans many that it comes to late.
console.log(`heap after each 40,000 traces of fib_bench(5), MiB: ${heap(fibBench(5), 40_000)}`);
console.log(`heap after each 20,000 traces of lastzero(15), MiB: ${heap(lastzero(15), 20_000)}`);

for (const preemptions of [0, 1, 2, undefined]) {
  const began = performance.now();
  const options = { strategy: 'dpor', preemptions, focus: ['shm'] };
  const so = explore(guestSpec('two-open-close', [], {}), options);
  const bound = preemptions === undefined ? 'any number of' : `at most ${preemptions}`;
  const seconds = ((performance.now() - began) / 1000).toFixed(2);
  const verdict = so.complete && so.finding === undefined ? 'complete' : 'NOT COMPLETE';
  console.log(
    `two-open-close, switches at shm, ${bound} preemptions: ${verdict}, ${so.traces} traces, ${so.executions} executions, ${seconds} s`,
  );
}
