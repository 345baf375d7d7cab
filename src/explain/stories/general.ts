import {
  askedBy,
  at,
  type Case,
  capital,
  doing,
  lockNames,
  type Story,
  sentence,
  staleMoments,
  staleRead,
  staleSentences,
} from '../history.ts';
import type { Moment } from '../moment.ts';
import { guestStack, placeText, shownPlace } from '../source.ts';

/** The kernel gave up: where, under which locks, and what that thread did before. */
export function panicStory(c: Case): Story {
  const { capture, finding } = c;
  const thread = capture.m.current.id;
  const recent = capture.recent.get(thread) ?? [];
  const [latest] = recent.slice(-1);
  const place = shownPlace(guestStack(capture.thrown));
  const where = place === undefined ? '' : ` at ${placeText(place)}`;
  const why: string[] = [];
  const main: Moment[] = recent.slice(-5);
  if (latest !== undefined) {
    const after = { ...latest, kind: 'panic' as const, name: finding.title, error: capture.thrown };
    main.push(after);
    why.push(
      `${capital(doing(latest))} panicked${where} after step ${latest.step}, holding ${lockNames(c, latest.locks)}.`,
    );
    for (const lock of latest.locks) {
      const held = capture.heldSince.get(lock);
      if (held === undefined) continue;
      if (!main.some((m) => m.step === held.step && m.thread === held.thread)) main.push(held);
      why.push(`It has ${held.name} since ${doing(held)} took it${at(held)}.`);
    }
  }
  const [call, before] = (capture.called.get(latest?.pid ?? 0) ?? []).toReversed();
  if (call !== undefined) why.push(`It is in ${call.name}${at(call)}.`);
  if (before !== undefined) why.push(`Its call before was ${before.name}${at(before)}.`);
  return { summary: `${finding.title}${where}`, main, why };
}

/** A program that says that it saw what must not be: what was asked of the kernel before. */
export function programStory(c: Case): Story {
  const { title, detail } = c.finding;
  const calls = askedBy(c);
  if (calls.length === 0) return generalStory(c);
  const lines = detail.slice(0, 3).filter((line) => !title.includes(line.slice(0, TITLE_MIN)));
  const why = lines.map((line) => sentence(c, line.slice(0, LINE_MAX)));
  why.push('These are the last calls before it said so, with what the kernel answered.');
  // What programs print is in order by a lock.
  const stale = staleRead(c.moments);
  if (stale === undefined) return { summary: title, main: calls, why };
  why.push(...staleSentences(c, stale));
  return { summary: title, main: [...calls, ...staleMoments(c, stale)], why };
}

/** Characters of a line of a detector's that tell it from another. */
const TITLE_MIN = 40;
/** Characters of a line of a detector's that are told; what a program prints may be long. */
const LINE_MAX = 140;

/** Anything else: what each thread did last. */
export function generalStory(c: Case): Story {
  const { capture, finding } = c;
  const main: Moment[] = [];
  const why = finding.detail.slice(0, 3).map((line) => sentence(c, line.slice(0, LINE_MAX)));
  for (const recent of capture.recent.values()) {
    const latest = recent.slice(-2);
    main.push(...latest);
    const [last] = latest.slice(-1);
    if (last !== undefined) why.push(`${capital(doing(last))} was at ${last.name}${at(last)}.`);
  }
  return { summary: finding.title, main: main.slice(-12), why: why.slice(0, 8) };
}
