import {
  at,
  type Case,
  capital,
  changes,
  doing,
  isAccess,
  type Story,
  sentence,
  staleMoments,
  staleRead,
  staleSentences,
  value,
} from '../history.ts';
import type { Moment } from '../moment.ts';
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

/** A short execution is best understood from its beginning. */
function whole(c: Case, story: Story): Story {
  const all = new Set([...c.moments, ...story.main]);
  return all.size > WHOLE_MAX ? story : { ...story, main: [...all] };
}

/** Values that must not be: who lost an update, or else who wrote last. */
function valueStory(c: Case): Story {
  const { title } = c.finding;
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
  const writes = c.moments.filter(changes).slice(-WRITES_MAX);
  const why = writes.map((m) => `${capital(doing(m))} made ${m.name} ${value(m)}${at(m)}.`);
  return { summary: title, main: [...writes], why: [...why, ...ended(c)] };
}

/** What was left, or who threw: the end of the story. */
function ended(c: Case): string[] {
  const { detector, title, detail } = c.finding;
  if (detector === 'exception') return [sentence(title)];
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
      why.push(`${capital(doing(m))} waits for ${m.name}${at(m)}, which nobody posts.`);
      continue;
    }
    main.push(held);
    const holder = held.thread === m.thread ? 'it' : doing(held);
    why.push(`${capital(doing(m))} waits for ${m.name}${at(m)}, which ${holder} took${at(held)}.`);
  }
  for (const m of sleepers(c)) {
    main.push(m);
    why.push(`${capital(doing(m))} waits at ${m.name}${at(m)}, which nobody signals.`);
  }
  why.push('None of them can ever go on.');
  return { summary: c.finding.title, main, why };
}

/** The last wait of each thread that waits at a condition in the end. */
function sleepers({ capture, moments }: Case): Moment[] {
  const asleep = capture.m.threads.filter((thread) => thread.ticket > 0);
  return asleep
    .map(({ id }) => moments.findLast((m) => m.kind === 'wait' && m.thread === id))
    .filter((m) => m !== undefined);
}

/** A signal that came before the wait, and what the waiter had looked at before that. */
function unheardStory(c: Case): Story {
  const { finding, moments } = c;
  const [condition] = finding.about?.words ?? [];
  const slept = sleepers(c).find((m) => m.address === condition);
  const isSignal = (m: Moment): boolean => m.kind === 'signal' || m.kind === 'broadcast';
  const signal = moments.findLast((m) => isSignal(m) && m.address === condition);
  if (slept === undefined || signal === undefined) return generalStory(c);
  const looked = moments.findLast(
    (m) => isAccess(m) && !changes(m) && m.thread === slept.thread && m.step < slept.step,
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
    `${capital(doing(signal))} signalled ${signal.name}${at(signal)}, when nobody waited there.`,
    `${capital(doing(slept))} began to wait only then${at(slept)}, and nobody signals again.`,
  );
  const main = [looked, changed, signal, slept].filter((m) => m !== undefined);
  return { summary: finding.title, main, why };
}
