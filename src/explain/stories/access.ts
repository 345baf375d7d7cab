import {
  at,
  type Case,
  capital,
  common,
  doing,
  isAccess,
  isWrite,
  lockNames,
  type Story,
  staleMoments,
  staleRead,
  staleSentences,
} from '../history.ts';
import type { Moment } from '../moment.ts';

const VERBS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    load: 'reads',
    store: 'writes',
    modify: 'modifies',
    plain: 'writes',
  }),
);

function verb(moment: Moment): string {
  return VERBS.get(moment.kind) ?? moment.kind;
}

function nothingOrders({ by }: Moment): string {
  return by === '' ? 'No lock, switch, fork or wakeup' : 'No lock, semaphore or condition';
}

/** Two accesses that nothing orders. */
export function raceStory(c: Case): Story | undefined {
  const { last } = c;
  if (last === undefined || !isAccess(last)) return undefined;
  const [pid] = c.finding.about?.pids ?? [];
  const other = c.moments.findLast(
    (m) =>
      isAccess(m) &&
      m.address === last.address &&
      m.thread !== last.thread &&
      (pid === undefined || m.pid === pid || m.pid === 0) &&
      (isWrite(m) || isWrite(last)),
  );
  if (other === undefined) return undefined;
  const released = c.moments.filter(
    (m) => m.kind === 'release' && m.step > other.step && m.thread === other.thread,
  );
  const taken = c.moments.findLast((m) => m.kind === 'acquire' && m.thread === last.thread);
  const both = common(c, other, last);
  // Two that race for a thing which each believes to be its own: both were given it.
  const stale = staleRead(c.moments.filter((m) => m.address !== last.address));
  return {
    summary: c.finding.title,
    main: [
      ...(stale === undefined ? [] : staleMoments(c, stale)),
      other,
      ...released.slice(0, 1),
      ...(taken !== undefined && taken.step > other.step ? [taken] : []),
      last,
    ],
    why: [
      `${capital(doing(other))} ${verb(other)} ${other.name}${at(other)} holding ${lockNames(c, other.locks)}.`,
      `${capital(doing(last))} ${verb(last)} it${at(last)} holding ${lockNames(c, last.locks)}.`,
      both === 'none'
        ? `Locks held by both: none. ${nothingOrders(last)} orders the two.`
        : `Both held ${both}, but not without a break.`,
      ...(stale === undefined ? [] : staleSentences(c, stale)),
    ],
  };
}

/** A field touched without its lock. */
export function disciplineStory(c: Case): Story | undefined {
  const { last, moments } = c;
  if (last === undefined || !isAccess(last)) return undefined;
  const [guard] = c.finding.about?.locks ?? [];
  const lock = lockNames(c, guard === undefined ? [] : [guard]);
  const of = (kind: string): Moment | undefined =>
    moments.findLast((m) => m.kind === kind && m.address === guard && m.thread === last.thread);
  const released = of('release');
  const taken = of('acquire');
  const sameCall = released !== undefined && released.turn === last.turn;
  const why = [
    `${last.name} is guarded by ${lock}; ${doing(last)} ${verb(last)} it${at(last)} holding ${lockNames(c, last.locks)}.`,
  ];
  if (sameCall) why.push(`It let ${lock} go before${at(released)}.`);
  else why.push(`It never took ${lock} in this ${last.turn === 0 ? 'place' : 'call'}.`);
  const holder = moments.findLast((m) => m.address === guard && m.step < last.step);
  if (holder?.kind === 'acquire' && holder.thread !== last.thread) {
    why.push(`${capital(doing(holder))} holds it${at(holder)}: it may be changing the field now.`);
  }
  const main = [last];
  if (sameCall) main.push(released);
  if (sameCall && taken !== undefined) main.push(taken);
  if (holder?.kind === 'acquire') main.push(holder);
  const others = moments.filter((m) => isAccess(m) && m.address === last.address && m !== last);
  main.push(...others.slice(-2));
  return { summary: `${c.finding.title}: ${doing(last)} ${verb(last)} it`, main, why };
}
