import {
  at,
  type Case,
  capital,
  doing,
  isWrite,
  type Story,
  staleMoments,
  staleRead,
  staleSentences,
  value,
  who,
} from '../history.ts';
import type { Moment } from '../moment.ts';

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
      why: [...staleSentences(c, stale), ...c.finding.detail.slice(0, 2).map(sentence)],
      remarks,
    };
  }
  const writes = about.filter((m) => isWrite(m) && m.before !== m.after).slice(-5);
  const [latest] = writes.slice(-1);
  const why = c.finding.detail.map(sentence);
  if (latest !== undefined) {
    why.unshift(
      `${capital(doing(latest))} was the last to write: ${latest.name} = ${value(latest)}${at(latest)}.`,
    );
    const before = writes.findLast((m) => m.thread !== latest.thread);
    if (before !== undefined) {
      why.unshift(
        `Before that, ${doing(before)} wrote ${before.name} = ${value(before)}${at(before)}.`,
      );
    }
  }
  const { last } = c;
  if (last?.kind === 'release' && counted) {
    why.push(`${capital(who(last))} then let ${last.name} go${at(last)}, where all must agree.`);
  }
  const summary =
    latest === undefined ? c.finding.title : `${c.finding.title}, after ${latest.call}`;
  return { summary, main: [...writes, ...ending(c)], why };
}

/** The lock let go at which it was seen. */
function ending({ last }: Case): Moment[] {
  return last === undefined ? [] : [last];
}

function sentence(line: string): string {
  return `${capital(line)}.`;
}

/** Of all descriptors, only changes from or to the object in question; a lock always. */
function concerns(c: Case, m: Moment, refs: number | undefined): boolean {
  if (m.kind !== 'plain') return true;
  const index = Number(/\[(\d+)\]/.exec(c.capture.k.m.layout.nameOf(refs ?? 0) ?? '')?.[1]) + 1;
  return m.before === index || m.after === index;
}
