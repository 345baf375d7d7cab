import type { Finding } from '../../detectors/finding.ts';
import type { Thread } from '../../machine/index.ts';
import type { Capture } from './capture.ts';
import type { Moment } from './moment.ts';
import { guestStack, placeText, shownPlace } from './source.ts';
import { lockName, valueText } from './value.ts';

/** What an explanation is made from. */
export interface Case {
  readonly finding: Finding;
  readonly capture: Capture;
  /** In order; none after the finding. */
  readonly moments: readonly Moment[];
  /** The moment at which the finding was made, if it was an operation. */
  readonly last: Moment | undefined;
}

/** What is told of a finding. */
export interface Story {
  readonly summary: string;
  /** The moments that matter. */
  readonly main: readonly Moment[];
  readonly why: readonly string[];
  /** Remarks on moments. */
  readonly remarks?: ReadonlyMap<Moment, string>;
}

export const isAccess = ({ kind }: Moment): boolean => /^(load|store|modify|plain)$/.test(kind);
export const isWrite = ({ kind }: Moment): boolean => /^(store|modify|plain)$/.test(kind);

/** A write of another value than was there. */
export const changes = (m: Moment): boolean => isWrite(m) && m.before !== m.after;

/** A load, or an atomic operation that left the word as it was. */
export const isRead = (m: Moment): boolean =>
  m.kind === 'load' || (m.kind === 'modify' && m.before === m.after);

export function who({ by, pid, cpu }: Moment): string {
  if (by !== '') return /^thread\b/.test(by) ? by : `thread ${by}`;
  return pid === 0 ? `the scheduler of CPU ${cpu}` : `pid ${pid}`;
}

/** `pid 3 in shm_close` */
export function doing(moment: Moment): string {
  const { pid, call } = moment;
  if (pid === 0 || moment.by !== '') return who(moment);
  return call === 'user' ? `${who(moment)}'s program` : `${who(moment)} in ${call}`;
}

/** ` (step 119, kernel/shm.ts:88)` */
export function at(moment: Moment): string {
  const place = placeOf(moment);
  return ` (step ${moment.step}${place === '' ? '' : `, ${place}`})`;
}

/** A field written plainly is noticed at the next operation, whose line is another. */
export function placeOf(moment: Moment): string {
  if (moment.kind === 'plain') return '';
  const stack = guestStack(moment.error);
  // Of the allocator, whoever called it is meant.
  const caller = /allocate|free/.test(moment.kind)
    ? stack.filter(({ file }) => file !== 'kernel/kalloc.ts')
    : stack;
  const place = shownPlace(caller);
  return place === undefined ? '' : placeText(place);
}

export function value({ name, after }: Moment): string {
  return valueText(name, after);
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** A line of a detector's; a thread that it begins with keeps its name as it is. */
export function sentence({ capture }: Case, line: string): string {
  // A list's items stay as they are.
  if (!/[:.]$/.test(line) && line.includes(' = ')) return line;
  const isThread = ({ name }: Thread): boolean => line.startsWith(`${name} `);
  const isNamed = capture.kernel === undefined && capture.m.threads.some(isThread);
  const text = isNamed ? `Thread ${line}` : capital(line);
  return /[:.]$/.test(line) ? text : `${text}.`;
}

export function lockNames(c: Case, locks: readonly number[]): string {
  if (locks.length === 0) return 'no lock';
  return locks.map((lock) => lockName(c.capture.m.layout, lock)).join(', ');
}

/** The last system calls of the process that a finding names, or else of all, in order. */
export function askedBy({ finding, capture }: Case): Moment[] {
  const pid = Number(/\bpid (\d+)/.exec(finding.title)?.[1]);
  const calls = capture.called.get(pid) ?? [...capture.called.values()].flat();
  return [...calls].sort((a, b) => a.step - b.step);
}

/** A read that was out of date when its reader acted on it. */
export interface Stale {
  readonly read: Moment;
  /** Somebody else's store in between. */
  readonly between: Moment;
  /** What the reader stored after that. */
  readonly write: Moment;
  /** The other's own read, if it came before the reader's store. */
  readonly otherRead: Moment | undefined;
  /** Where the reader let a lock go in between, that it held when it read. */
  readonly gap: Moment | undefined;
}

/** Whether two moments are of one system call, or of one program or loop outside of any. */
function together(a: Moment, b: Moment): boolean {
  return a.thread === b.thread && a.turn === b.turn && a.pid === b.pid;
}

/** The latest store that relied on a read which another thread had overtaken, if there is one. */
export function staleRead(moments: readonly Moment[]): Stale | undefined {
  const found: Stale[] = [];
  for (let t = moments.length - 1; t >= 0 && found.length === 0; t--) {
    const write = moments[t] as Moment;
    if (!isWrite(write) || write.kind === 'plain') continue;
    const seen = new Set<number>();
    for (let r = t - 1; r >= 0; r--) {
      const read = moments[r] as Moment;
      if (!isAccess(read) || read.kind === 'plain' || !together(read, write)) continue;
      if (seen.has(read.address)) continue;
      seen.add(read.address);
      if (!isRead(read)) continue;
      const stale = overtaken(moments, r, t);
      if (stale !== undefined) found.push(stale);
    }
  }
  // The plainest is the one that lost somebody's store to the same word.
  return found.find(({ read, write }) => read.address === write.address) ?? found[0];
}

function overtaken(moments: readonly Moment[], r: number, t: number): Stale | undefined {
  const read = moments[r] as Moment;
  const write = moments[t] as Moment;
  const inside = moments.slice(r + 1, t);
  const changed = inside.filter(
    (m) => changes(m) && m.address === read.address && m.thread !== read.thread,
  );
  const between = changed[changed.length - 1];
  if (between === undefined) return undefined;
  const otherRead = moments
    .slice(0, t)
    .findLast(
      (m) =>
        isRead(m) &&
        m.address === read.address &&
        m.thread === between.thread &&
        together(m, between) &&
        m.step < between.step,
    );
  const gap = inside.find(
    (m) => m.kind === 'release' && m.thread === read.thread && read.locks.includes(m.address),
  );
  return { read, between, write, otherRead, gap };
}

/** The moments of a stale read in order, with the locks let go and taken again around them. */
export function staleMoments(c: Case, stale: Stale): Moment[] {
  const { read, between, write, otherRead } = stale;
  const core = [read, between, write, otherRead].filter((m) => m !== undefined);
  const locks = c.moments.filter(
    (m) =>
      (m.kind === 'release' || m.kind === 'acquire') &&
      (read.locks.length === 0 || read.locks.includes(m.address)) &&
      ((m.thread === read.thread && m.step > read.step && m.step < write.step) ||
        (m.thread === between.thread &&
          m.step > read.step &&
          m.step < between.step &&
          m.turn === between.turn)),
  );
  const near = locks.length > 8 ? locks.filter((m) => m.kind === 'release').slice(0, 4) : locks;
  return [...core, ...near];
}

/** Who read what before whom, and which lock did not prevent it. */
export function staleSentences(c: Case, stale: Stale): string[] {
  const { read, between, write, otherRead, gap } = stale;
  const lines = [
    `${capital(doing(read))} read ${read.name} = ${value(read)}${at(read)} before ${doing(between)} stored ${value(between)}${at(between)}.`,
  ];
  const same = read.address === write.address;
  if (same && otherRead !== undefined && otherRead.step < write.step) {
    lines.push(
      `But ${who(between)} had read ${value(otherRead)}${at(otherRead)} before ${who(write)} stored ${value(write)}${at(write)}: neither saw the other.`,
    );
  } else {
    const target = same ? value(write) : `${write.name} = ${value(write)}`;
    lines.push(
      `${capital(who(write))} still relied on what it had read when it stored ${target}${at(write)}.`,
    );
  }
  if (gap !== undefined) {
    lines.push(`Between its two steps, ${who(read)} let ${gap.name} go${at(gap)}.`);
  } else {
    lines.push(`Locks held by both: ${common(c, write, between)}.`);
  }
  return lines;
}

export function common(c: Case, a: Moment, b: Moment): string {
  const both = a.locks.filter((lock) => b.locks.includes(lock));
  return both.length === 0 ? 'none' : lockNames(c, both);
}
