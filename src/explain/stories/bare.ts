import { PARK, READ_LOCK, RECEIVE, SEM_WAIT, SEND, WRITE_LOCK } from '../../../machine/index.ts';
import {
  at,
  type Case,
  capital,
  changes,
  doing,
  isAccess,
  isRead,
  type Story,
  sentence,
  staleMoments,
  staleRead,
  staleSentences,
  value,
} from '../history.ts';
import type { Moment } from '../moment.ts';
import { guestStack, placeText, shownPlace } from '../source.ts';
import { raceStory } from './access.ts';
import { generalStory } from './general.ts';
import { orderStory } from './locks.ts';

/* What is told of threads without a kernel: all that they share was watched. */

/** Steps up to which an execution is told whole. */
const WHOLE_MAX = 14;
const WRITES_MAX = 4;

export function bareStory(c: Case, waiting: readonly Moment[]): Story {
  switch (c.finding.detector) {
    case 'race':
      return raceStory(c) ?? generalStory(c);
    case 'lock-order':
      return orderStory(c, waiting);
    case 'deadlock':
      return whole(c, stuckStory(c, waiting));
    case 'lost-wakeup':
      return whole(c, unheardStory(c));
    case 'check':
    case 'exception':
      return whole(c, valueStory(c));
    default:
      return generalStory(c);
  }
}

/** A short execution is best understood from its beginning; threads that take no part are left out. */
function whole(c: Case, story: Story): Story {
  const all = new Set([...takingPart(c, story.main), ...story.main]);
  return all.size > WHOLE_MAX ? story : { ...story, main: [...all] };
}

/** What threads did that share something with those of a story, directly or through others. */
function takingPart({ moments }: Case, main: readonly Moment[]): Moment[] {
  const threads = new Set(main.map((m) => m.thread));
  const shared = new Set<number>();
  for (let before = -1; before !== threads.size; ) {
    before = threads.size;
    for (const m of moments) if (threads.has(m.thread)) shared.add(m.address);
    for (const m of moments) if (shared.has(m.address)) threads.add(m.thread);
  }
  return moments.filter((m) => threads.has(m.thread));
}

/** Values that must not be: who lost an update, who read too early, or else who wrote last. */
function valueStory(c: Case): Story {
  const stale = staleRead(c.moments);
  if (stale !== undefined) {
    const { read, write, between } = stale;
    const lost = read.address === write.address;
    const kind = lost ? 'lost update' : 'acted on what was no longer so';
    const remarks = new Map<Moment, string>();
    if (write.address === between.address) remarks.set(write, `overwrites ${between.step}`);
    return {
      summary: `${kind} on ${read.name}: ${write.by} / ${between.by}`,
      main: staleMoments(c, stale),
      why: [...staleSentences(c, stale), ...ended(c)],
      remarks,
    };
  }
  const early = c.finding.detector === 'check' ? earlyRead(c.moments) : undefined;
  if (early !== undefined) return earlyStory(c, early);
  const writes = c.moments.filter(changes).slice(-WRITES_MAX);
  const why = writes.map((m) => `${capital(doing(m))} made ${m.name} ${value(m)}${at(m)}.`);
  const { summary, lines } = thrown(c);
  return { summary, main: [...writes], why: [...why, ...ended(c), ...lines] };
}

/** A word that was read before another thread changed it. */
interface Early {
  readonly read: Moment;
  /** The first change of it after that. */
  readonly change: Moment;
  /** What the reader had seen before: a word that the other thread had changed already. */
  readonly seen: { readonly read: Moment; readonly change: Moment } | undefined;
}

/** The last such read; rather one whose reader had seen something else of the other thread. */
function earlyRead(moments: readonly Moment[]): Early | undefined {
  const found: Early[] = [];
  for (const read of moments.filter(isRead).toReversed()) {
    const change = moments.find(
      (m) =>
        changes(m) && m.address === read.address && m.step > read.step && m.thread !== read.thread,
    );
    if (change !== undefined) found.push({ read, change, seen: seenBefore(moments, read, change) });
  }
  return found.find(({ seen }) => seen !== undefined) ?? found[0];
}

function seenBefore(moments: readonly Moment[], read: Moment, change: Moment): Early['seen'] {
  const before = moments.filter((m) => m.step < read.step);
  for (const m of before.toReversed()) {
    if (!isRead(m) || m.thread !== read.thread || m.address === read.address) continue;
    const made = before.findLast((w) => changes(w) && w.address === m.address && w.step < m.step);
    if (made?.thread === change.thread) return { read: m, change: made };
  }
  return undefined;
}

function earlyStory(c: Case, { read, change, seen }: Early): Story {
  const why: string[] = [];
  const main = [read, change];
  if (seen !== undefined) {
    main.push(seen.read, seen.change);
    const made = `${doing(seen.change)} had made it ${value(seen.change)}${at(seen.change)}`;
    why.push(
      `${capital(doing(seen.read))} read ${seen.read.name} = ${value(seen.read)}${at(seen.read)}: ${made}.`,
    );
  }
  why.push(
    `${capital(doing(read))} read ${read.name} = ${value(read)}${at(read)}, before ${doing(change)} made it ${value(change)}${at(change)}.`,
  );
  const summary = `${read.by} read ${read.name} before ${change.by} changed it`;
  return { summary, main, why: [...why, ...ended(c)] };
}

/** Who threw, and where. */
function thrown(c: Case): { readonly summary: string; readonly lines: readonly string[] } {
  const { detector, title } = c.finding;
  if (detector !== 'exception') return { summary: title, lines: [] };
  const place = shownPlace(guestStack(c.capture.thrown));
  const where = place === undefined ? '' : ` (${placeText(place)})`;
  return { summary: `${title}${where}`, lines: [sentence(c, `${title}${where}`)] };
}

/** What was left: the end of the story. */
function ended(c: Case): string[] {
  const { detector, title, detail } = c.finding;
  if (detector === 'exception') return [];
  const left = detail.map((line) => line.replace(/ in the end$/, ''));
  return left.length > 0 && left.length <= 8 ? [`In the end ${left.join(', ')}: ${title}.`] : [];
}

/** Nobody can go on: what each waits for, and who has it. */
function stuckStory(c: Case, waiting: readonly Moment[]): Story {
  const { heldSince } = c.capture;
  const main: Moment[] = [];
  const why: string[] = [];
  for (const m of waiting) {
    main.push(m);
    const held = heldSince.get(m.address);
    if (held === undefined) {
      why.push(`${capital(doing(m))} waits for ${m.name}${at(m)}, ${missing(c, m)}.`);
      continue;
    }
    main.push(held);
    const holder = held.thread === m.thread ? 'it' : doing(held);
    why.push(`${capital(doing(m))} waits for ${m.name}${at(m)}, which ${holder} took${at(held)}.`);
  }
  for (const m of sleepers(c)) {
    main.push(m);
    const missed = missedBy(c, m);
    main.push(...(missed?.main ?? []));
    const early =
      missed === undefined ? 'which no thread signals' : 'which no thread signals again';
    why.push(...(missed?.why ?? []), `${capital(doing(m))} waits at ${m.name}${at(m)}, ${early}.`);
  }
  why.push('None of them can ever go on.');
  return { summary: c.finding.title, main, why };
}

/** What a thread waits for in vain. */
function missing({ capture }: Case, m: Moment): string {
  switch (capture.m.threads[m.thread]?.kind) {
    case SEM_WAIT:
      return 'which no thread posts';
    case READ_LOCK:
    case WRITE_LOCK:
      return 'which no thread releases';
    case SEND:
      return 'which is full, and no thread receives';
    case RECEIVE:
      return 'which is empty, and no thread sends';
    case PARK:
      return 'which no thread unparks';
    default:
      return 'which does not end';
  }
}

/** The last wait of each thread that waits at a condition in the end. */
function sleepers({ capture, moments }: Case): Moment[] {
  const asleep = capture.m.threads.filter((thread) => thread.ticket > 0);
  return asleep
    .map(({ id }) => moments.findLast((m) => m.kind === 'wait' && m.thread === id))
    .filter((m) => m !== undefined);
}

/** The wakeup that a thread which waits at a condition has missed, and what led to that. */
function missedBy({ moments }: Case, slept: Moment): Pick<Story, 'main' | 'why'> | undefined {
  const isSignal = (m: Moment): boolean => m.kind === 'signal' || m.kind === 'broadcast';
  const signal = moments.findLast(
    (m) => isSignal(m) && m.address === slept.address && m.step < slept.step,
  );
  if (signal === undefined) return undefined;
  const looked = moments.findLast(
    (m) => isRead(m) && m.thread === slept.thread && m.step < slept.step,
  );
  const changed = moments.findLast(
    (m) => isAccess(m) && changes(m) && m.thread === signal.thread && m.step < signal.step,
  );
  const why: string[] = [];
  if (looked !== undefined && looked.step < signal.step) {
    why.push(`${capital(doing(looked))} looked: ${looked.name} = ${value(looked)}${at(looked)}.`);
  }
  if (changed !== undefined && looked?.address === changed.address && changed.step > looked.step) {
    why.push(`Then ${doing(changed)} made ${changed.name} ${value(changed)}${at(changed)}.`);
  }
  why.push(
    `${capital(doing(signal))} signalled ${signal.name}${at(signal)}, before ${doing(slept)} waited there.`,
  );
  return { main: [looked, changed, signal].filter((m) => m !== undefined), why };
}

/** A signal that came before the wait, and what the waiter had looked at before that. */
function unheardStory(c: Case): Story {
  const { finding } = c;
  const [condition] = finding.about?.words ?? [];
  const slept = sleepers(c).find((m) => m.address === condition);
  const missed = slept && missedBy(c, slept);
  if (slept === undefined || missed === undefined) return generalStory(c);
  const last = `${capital(doing(slept))} began to wait only then${at(slept)}, and no thread signals again.`;
  return { summary: finding.title, main: [...missed.main, slept], why: [...missed.why, last] };
}
