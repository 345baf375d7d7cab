import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DETECTORS } from '../../detectors/index.ts';
import { MUTANTS, type MutantName } from '../../kernel/mutants.ts';
import { makeStrategy } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { TraceMemory } from '../../traces/memory.ts';
import { readTrace } from '../../traces/reader.ts';
import { findingText, reported } from '../report/finding-text.ts';
import { makeInk } from '../report/ink.ts';
import { execute, watch } from '../stage/execution.ts';
import { bootGuest, type GuestSpec, guestSpec } from '../subject/kernel-spec.ts';
import { replay } from '../verbs/replay.ts';
import { type RunResult, run } from '../verbs/run.ts';
import { explain } from './explain.ts';
import { type Report, type ReportStep, reportOf } from './report.ts';

const ink = makeInk(false);
const random = makeStrategy('random') as Strategy;

/** The first execution from seed 1 on in which one of the named detectors finds something. */
function explained(spec: GuestSpec, names: readonly string[]): { seed: number; report: Report } {
  const detectors = DETECTORS.filter(({ name }) => names.includes(name));
  expect(detectors).toHaveLength(names.length);
  const k = bootGuest(spec);
  watch(k, null, false, detectors);
  for (let seed = 1; seed < 2_000; seed++) {
    const { finding } = execute(k, random, seed);
    if (finding === undefined || !names.includes(finding.detector)) continue;
    return { seed, report: explain({ subject: spec, seed, strategy: random, finding, detectors }) };
  }
  throw new Error(`${names} found nothing in ${spec.program} ${spec.mutants}`);
}

function mutated(mutant: MutantName, program: string = MUTANTS[mutant].scenario): GuestSpec {
  return guestSpec(program, [], {}, [mutant]);
}

/** Runs what a detector finds as a user would, with a trace. */
function ran(spec: GuestSpec, seed: number): { result: RunResult; bytes: Uint8Array } {
  const trace = new TraceMemory();
  const result = run(spec, { seed, strategy: random, sink: trace.sink });
  return { result, bytes: trace.bytes() };
}

function textOf({ finding, id, report, header }: RunResult, verbose = false): string {
  if (finding === undefined) throw new Error('nothing was found');
  return findingText(reported(finding, id, report), header, { ink, verbose });
}

function lineAt(step: ReportStep | undefined): string {
  const [file = '', line] = (step?.at ?? '').split(':');
  return readFileSync(file, 'utf8').split('\n')[Number(line) - 1] ?? '';
}

const main = ({ steps }: Report): ReportStep[] => steps.filter((step) => step.main);
const failing = ({ steps }: Report): ReportStep | undefined => steps.find((step) => step.failing);

it.each([
  'shm-close-split-decrement',
  'shm-open-create-apart',
  'shm-close-frees-as-private',
  'shm-close-frees-before-unmap',
  'shm-close-no-sfence',
  'uvmcopy-shares',
  'shm-map-unlocked',
  'exit-locks-itself-first',
  'shm-close-leaks-lock',
  'kfree-apart',
  'sleep-releases-first',
  'exec-keeps-shm',
] as const)('the report on %s is the same from the run, its replay and its trace', (mutant) => {
  const spec = mutated(mutant);
  const names = DETECTORS.map(({ name }) => name);
  const { result, bytes } = ran(spec, explained(spec, names).seed);
  const trace = readTrace(bytes);
  const [kept] = trace.findings;
  expect(kept && reportOf(kept.detail)).toEqual(result.report);
  expect(replay(trace).report).toEqual(result.report);
  const text = textOf(result);
  const shown = kept && { ...kept, detector: kept.kind };
  expect(shown && findingText(shown, trace.header, { ink })).toBe(text);
  for (const line of `${text}\n${textOf(result, true)}`.split('\n')) {
    expect(line.length, line).toBeLessThanOrEqual(80);
  }
  expect(text).toMatch(/^ FAIL {2}[\w-]+ › [\w-]+ +\[XR-[0-9a-f]{6}\]\n/);
  expect(text).toContain('\n Why   ');
});

it('a replay with a sink writes the trace again, report and all', () => {
  const spec = mutated('shm-close-split-decrement');
  const { bytes } = ran(spec, explained(spec, ['refcount']).seed);
  const again = new TraceMemory();
  replay(readTrace(bytes), { sink: again.sink });
  expect(again.bytes()).toEqual(bytes);
});

it('a lost update is two reads before two stores, and the lock let go in between', () => {
  const { report } = explained(mutated('shm-close-split-decrement'), ['refcount']);
  const steps = main(report).filter(({ name }) => name.endsWith('.refs'));
  expect(report.summary).toMatch(/^lost update: \w+ \/ \w+ on shm\[0\]\.refs$/);
  expect(steps.map(({ kind }) => kind)).toEqual(['load', 'load', 'store', 'store']);
  const [a, b, c, d] = steps;
  expect([a?.pid, b?.pid]).toEqual([d?.pid, c?.pid]);
  expect(a?.pid).not.toBe(b?.pid);
  expect(a?.after).toBe(b?.after);
  expect(d?.before).toBe(c?.after);
  for (const step of steps) {
    expect(step.locks).toContain('shm.lock');
    expect(lineAt(step)).toContain(step.kind === 'load' ? 'm.load(' : 'm.store(');
  }
  expect(d?.remark).toBe(`overwrites ${c?.step}`);
  const released = main(report).find(({ kind, pid }) => kind === 'release' && pid === a?.pid);
  expect(lineAt(released)).toContain("mutant['shm-close-split-decrement']");
  expect(report.why.join(' ')).toContain('neither saw the other');
});

it('a race names both accesses, their lines and what was held', () => {
  const { report } = explained(mutated('shm-close-unlocked-decrement', 'open-open'), ['race']);
  const accesses = main(report).filter(({ name }) => name === 'shm[0].refs');
  expect(accesses).toHaveLength(2);
  expect(new Set(accesses.map(({ pid }) => pid)).size).toBe(2);
  expect(accesses[1]).toMatchObject({ failing: true });
  expect(report.why.at(-1)).toContain('Locks held by both: none.');
});

it('a field touched without its lock: where, and that the lock was let go before', () => {
  const { report } = explained(mutated('shm-close-unlocked-decrement'), ['lock-discipline']);
  expect(failing(report)).toMatchObject({ name: 'shm[0].refs', locks: [], call: 'shm_close' });
  expect(report.why.join(' ')).toContain('It let shm.lock go before');
});

it('of a table that contradicts itself: who went on with what was no longer so', () => {
  const { report } = explained(mutated('shm-open-create-apart'), ['objects']);
  const kinds = main(report).map(({ kind }) => kind);
  expect(kinds.indexOf('release')).toBeLessThan(kinds.indexOf('store'));
  expect(report.why[0]).toMatch(/looked at the table, shm\.top = 0 .* let shm\.lock go/);
});

it('of a stale translation: who was given the frame, mapped, unmapped and used it', () => {
  const { report } = explained(mutated('shm-close-no-sfence'), ['stale-tlb']);
  expect(
    main(report)
      .map(({ kind }) => kind)
      .filter((kind) => kind !== 'store'),
  ).toEqual(['allocate', 'map', 'unmap', 'load']);
  expect(failing(report)).toMatchObject({ call: 'user' });
  expect(report.why.at(-1)).toContain('did not forget the translations');
});

it('of a dangling reference: who still mapped the frame', () => {
  const { report } = explained(mutated('shm-close-frees-before-unmap'), ['dangling']);
  expect(failing(report)).toMatchObject({ kind: 'free' });
  expect(report.why.at(-1)).toMatch(/^Pid \d mapped frame 0x\w+ and had not unmapped it/);
});

it('of a double free: both, in the functions that did it', () => {
  const { report } = explained(mutated('shm-close-frees-as-private'), ['use-after-free']);
  const frees = main(report).filter(({ kind }) => kind === 'free');
  expect(frees.map(({ at }) => at.replace(/:\d+$/, ''))).toEqual([
    'kernel/pagetable.ts',
    'kernel/shm-table.ts',
  ]);
  for (const step of frees) expect(lineAt(step)).toContain('kfree(k, ');
});

it('of a deadlock: who waits for whom, and where each lock was taken', () => {
  const { report } = explained(mutated('exit-locks-itself-first'), ['deadlock']);
  const waits = main(report).filter(({ kind }) => kind === 'spin');
  const holds = main(report).filter(({ kind }) => kind === 'acquire');
  expect(waits).toHaveLength(2);
  expect(new Set(holds.map(({ name }) => name))).toEqual(new Set(waits.map(({ name }) => name)));
  for (const step of [...waits, ...holds]) expect(lineAt(step)).toMatch(/acquire(ToTest)?\(/);
});

it('of locks in a circle: each order with its two places', () => {
  const { report } = explained(mutated('exit-locks-itself-first'), ['lock-order']);
  expect(main(report)).toHaveLength(4);
  expect(failing(report)).toMatchObject({ kind: 'spin', name: 'wait_lock' });
  for (const step of main(report)) expect(lineAt(step)).toMatch(/acquire(ToTest)?\(/);
});

it('of a lost wakeup: the wakeup that came too early', () => {
  const { report } = explained(mutated('exit-wakes-early'), ['lost-wakeup']);
  const wakeup = main(report).find(({ kind }) => kind === 'wakeup');
  const sleep = main(report).find(({ kind }) => kind === 'sleep');
  expect(wakeup?.name).toBe(sleep?.name);
  expect(wakeup?.step).toBeLessThan(sleep?.step ?? 0);
  expect(report.why.join(' ')).toContain('steps too early');
});

it('of a leak: who was given the frame, and who had it last', () => {
  const { report } = explained(mutated('shm-map-frame-apart'), ['leak']);
  expect(main(report)[0]).toMatchObject({ kind: 'allocate', call: 'shm_map' });
  expect(report.why[0]).toContain('was given frame');
});

it('a panic is shown with what its CPU did before, and where its locks were taken', () => {
  const { report } = explained(mutated('shm-close-leaks-lock'), ['panic']);
  expect(failing(report)).toMatchObject({ kind: 'panic', locks: ['shm.lock'] });
  expect(report.why[1]).toMatch(/since pid 2 in shm_close took it/);
  expect(report.stack[0]).toMatch(/^panic kernel\/panic\.ts:\d+$/);
});

it('an endless run is shown with what each thread did last', () => {
  const { report } = explained(guestSpec('open-open', [], { stepsMax: 60 }), ['endless']);
  expect(main(report).length).toBeGreaterThan(1);
  expect(report.summary).toBe('endless run: still going after 60 steps');
});

it('calls that no order explains are told with what one of them overtook', () => {
  const { report } = explained(mutated('shm-trunc-apart'), ['linearizability']);
  expect(report.summary).toMatch(/: shm_trunc \/ shm_trunc on shm\[0\]\.pages$/);
  expect(report.why.join(' ')).toContain('pid 3 shm_open("foo") = 0');
});

it('a report as people see it', () => {
  const spec = mutated('shm-trunc-apart');
  const { result } = ran(spec, explained(spec, ['objects']).seed);
  // Lines of the kernel's source move; the places are tested above.
  const report = JSON.parse(JSON.stringify(result.report).replaceAll(/(\.ts:)\d+/g, '$1100'));
  expect(textOf({ ...result, report })).toMatchSnapshot();
});

const ALL = DETECTORS.map(({ name }) => name);
const whyOf = (mutant: MutantName): string => explained(mutated(mutant), ALL).report.why.join(' ');

it('of a frame whose references were miscounted: both who counted, and the lock let go', () => {
  const why = whyOf('kref-apart');
  expect(why).toMatch(/read kmem\.refs\[0x[0-9a-f]+\] = \d .* before pid \d in \w+ stored \d/);
  expect(why).toMatch(/Between its two steps, pid \d let kmem\.lock go \(step \d+, kernel\/kalloc/);
});

it('of a frame that is lost: where it was noted, and who overwrote that', () => {
  expect(whyOf('object-page-apart')).toMatch(
    /noted it in object\[\d\]\.frames\[0\].* overwrote that with 0x[0-9a-f]+/,
  );
});

it('of a process that sleeps on: what it had looked at, who changed that, who woke too early', () => {
  const why = whyOf('pipewrite-checks-apart');
  expect(why).toMatch(/Pid 3 in write looked: pipe\[0\]\.n(read|write) = \d+/);
  expect(why).toMatch(/It let pipe\[0\]\.lock go .*Pid 2 in read made pipe\[0\]\.nread \d+/);
  expect(why).toMatch(/Pid 2 in read woke pipe\[0\]\.nwrite last .* steps too early/);
  expect(why).toContain('Pid 1 waits for a child to exit');
});

it('of a futex: the word that was changed in vain, by the name of its segment', () => {
  const why = whyOf('futex-by-address');
  expect(why).toMatch(/Pid 3 in futex_wake looked for waiters: futex\[1\]\.key = 0x[0-9a-f]+/);
  expect(why).toContain('Nobody ever woke futex[1].key.');
});

it('of copy on write: which mapping got which rights, and how many had the frame', () => {
  const why = whyOf('fork-no-sfence');
  expect(why).toMatch(/mapped it, writable .* made its mapping read-only .* wrote to it/);
  expect(why).toMatch(/kmem\.refs\[0x[0-9a-f]+\] was 2 since pid 2 in fork .* must copy it first/);
});

it('of a frame that became a table of pages, and of one that was counted as it should be', () => {
  expect(whyOf('exec-oom-keeps-image')).toMatch(/which made it a page table/);
  expect(whyOf('shm-close-frees-before-unmap')).not.toMatch(/freed the frame because/);
  expect(whyOf('kfree-rereads')).toMatch(/freed the frame because it found 0 there later/);
});

it('of a race for what both believe to be their own: how both were given it', () => {
  expect(whyOf('filealloc-apart')).toMatch(/read file\[\d\]\.ref = 0 .*let ftable\.lock go/);
});

it('of a directory: the sleeplock that was let go between two looks', () => {
  expect(whyOf('create-apart')).toMatch(/pid \d let inode\[1\]\.lock go/);
});

it('of a panic: the call that it was in, and the one before', () => {
  const why = whyOf('exec-keeps-areas');
  expect(why).toMatch(/It is in exec\("script", .*Its call before was mmap\(.* → 0x[0-9a-f]+/);
});

it('of a count: what it and those who are counted are, and since when', () => {
  const why = whyOf('fork-files-uncounted');
  expect(why).toMatch(/file\[1\]\.ref is 1 since pid 2 in open/);
  expect(why).toMatch(/proc\[2\]\.ofile\[4\] is file\[1\] since pid 2 in fork/);
});

it('of a spinlock that is held in user space: who spins', () => {
  expect(whyOf('pipewrite-broken-keeps-lock')).toMatch(
    /took pipe\[0\]\.lock .* It returns to its program: whoever needs the lock now spins for ever/,
  );
});

it('of what a program saw: the calls of all, and what they were answered', () => {
  const { report } = explained(mutated('acquiresleep-apart'), ['program']);
  expect(main(report).map(({ name }) => name)).toContainEqual(
    expect.stringMatching(/^write\(1, .*\) → \d+/),
  );
  expect(report.why.join(' ')).toMatch(/read cons\.writing\.locked = 0 .* neither saw the other/);
});
