import {
  askedBy,
  at,
  type Case,
  capital,
  changes,
  doing,
  isWrite,
  type Story,
  sentence,
  staleMoments,
  staleRead,
  staleSentences,
  value,
  who,
} from '../history.ts';
import type { Moment } from '../moment.ts';

/** Lines of the detector's that are told. */
const DETAIL_MAX = 12;
/** Writes that are told. */
const WRITES_MAX = 5;

/** A count that is not what it counts, or a table that contradicts itself. */
export function tableStory(c: Case): Story {
  const counted = c.finding.detector === 'refcount';
  const [word] = c.finding.about?.words ?? [];
  const about = counted ? c.moments.filter((m) => concerns(c, m, word)) : c.moments;
  const stale = staleRead(about);
  if (stale !== undefined) {
    const { write, between } = stale;
    const lost = stale.read.address === write.address && counted;
    const kind = lost ? 'lost update' : 'acted on what was no longer so';
    const remarks = new Map<Moment, string>();
    if (write.address === between.address) remarks.set(write, `overwrites ${between.step}`);
    return {
      summary: `${kind}: ${write.call} / ${between.call} on ${stale.read.name}`,
      main: [...staleMoments(c, stale), ...ending(c)],
      why: [
        ...staleSentences(c, stale),
        ...c.finding.detail.slice(0, DETAIL_MAX).map((line) => sentence(c, line)),
      ],
      remarks,
    };
  }
  const gap = gapStory(c, about);
  if (gap !== undefined) return gap;
  const writes = about.filter(changes).slice(-WRITES_MAX);
  const [latest] = writes.slice(-1);
  // Of calls that no order explains, what was left after them says little.
  const isHistory = c.finding.detector === 'linearizability';
  const told = isHistory ? writes.filter(({ call }) => call !== 'exit') : writes;
  const why = [
    ...since(told),
    ...c.finding.detail.slice(0, DETAIL_MAX).map((line) => sentence(c, line)),
  ];
  const { last } = c;
  if (last?.kind === 'release' && counted) {
    why.push(`${capital(who(last))} then let ${last.name} go${at(last)}, where all must agree.`);
  }
  const call = (last ?? latest)?.call ?? '';
  const summary = call === '' ? c.finding.title : `${c.finding.title}, in ${call}`;
  const calls = isHistory ? askedBy(c) : [];
  return { summary, main: [...told, ...calls, ...ending(c)], why };
}

/** What each word is, and since when. */
function since(writes: readonly Moment[]): string[] {
  const latest = writes.filter((m, i) => !writes.slice(i + 1).some((n) => n.address === m.address));
  return latest.map((m) => `${m.name} is ${value(m)} since ${doing(m)}${at(m)}.`);
}

/**
 * Who looked at the table, let its lock go, and went on with what it had seen after another thread
 * had changed the table.
 */
function gapStory(c: Case, about: readonly Moment[]): Story | undefined {
  const t = about.findLastIndex((m) => isWrite(m) && m.kind !== 'plain');
  const write = about[t];
  if (write === undefined || write.turn === 0) return undefined;
  const own = about.slice(0, t).filter((m) => m.thread === write.thread && m.turn === write.turn);
  const released = own.findLast((m) => m.kind === 'release');
  const retaken = own.findLast((m) => m.kind === 'acquire');
  if (released === undefined || retaken === undefined || retaken.step < released.step) return;
  const seen = own.filter((m) => m.kind === 'load' && m.step < released.step).slice(-3);
  const inside = about.filter((m) => m.step > released.step && m.step < retaken.step);
  const others = inside.filter((m) => changes(m) && m.thread !== write.thread);
  const [first] = others;
  const look = seen[seen.length - 1];
  if (first === undefined || look === undefined) return undefined;
  return {
    summary: `acted on what was no longer so: ${write.call} / ${first.call}`,
    main: [...seen, released, ...others.slice(0, 4), retaken, write, ...ending(c)],
    why: [
      `${capital(doing(write))} looked at the table, ${look.name} = ${value(look)}${at(look)}, and let ${released.name} go${at(released)}.`,
      `Then ${doing(first)} wrote ${first.name} = ${value(first)}${at(first)}.`,
      `${capital(who(write))} took the lock again${at(retaken)} and went on with what it had seen: it wrote ${write.name} = ${value(write)}${at(write)}.`,
      ...c.finding.detail.slice(0, DETAIL_MAX).map((line) => sentence(c, line)),
    ],
  };
}

/** The lock let go at which it was seen. */
function ending({ last }: Case): Moment[] {
  return last === undefined ? [] : [last];
}

/** Of all descriptors, only changes from or to the object in question; a lock always. */
function concerns(c: Case, m: Moment, refs: number | undefined): boolean {
  if (m.kind !== 'plain') return true;
  const index = Number(/\[(\d+)\]/.exec(c.capture.m.layout.nameOf(refs ?? 0) ?? '')?.[1]) + 1;
  return m.before === index || m.after === index;
}
