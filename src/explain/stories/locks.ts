import { lockClass, orderName } from '../capture.ts';
import {
  at,
  type Case,
  capital,
  doing,
  isWrite,
  lockNames,
  type Story,
  sentence,
  who,
} from '../history.ts';
import type { Moment } from '../moment.ts';

/** Nothing can run again: who holds what the other needs, or who sleeps unheard. */
export function deadlockStory(c: Case, waiting: readonly Moment[]): Story {
  const { heldSince } = c.capture;
  const main: Moment[] = [];
  const why: string[] = [];
  for (const m of waiting) {
    const held = heldSince.get(m.address);
    main.push(m);
    if (held === undefined) continue;
    main.push(held);
    const own = held.cpu === m.cpu;
    why.push(
      `${capital(doing(m))} on CPU ${m.cpu} waits for ${m.name}${at(m)}, which ${own ? 'this CPU itself' : `${doing(held)} on CPU ${held.cpu}`} took${at(held)}${own ? ` in ${who(held)}` : ''}.`,
    );
  }
  for (const pid of (c.finding.about?.pids ?? []).slice(0, 4)) {
    const { moments, sentences } = sleeper(c, pid);
    main.push(...moments);
    why.push(...sentences);
  }
  why.push(waiting.length > 0 ? 'None of them can ever go on.' : 'Nobody is left to wake them.');
  return { summary: c.finding.title, main, why };
}

/** Why a process sleeps on: the last wakeup of its channel came before it slept. */
function sleeper(c: Case, pid: number): { moments: Moment[]; sentences: string[] } {
  const slept = c.moments.findLast((m) => m.kind === 'sleep' && m.pid === pid);
  if (slept === undefined) return { moments: [], sentences: [] };
  const sentences = [`${capital(doing(slept))} sleeps on ${slept.name}${at(slept)}.`];
  const moments = [slept];
  const woken = c.moments.findLast((m) => m.kind === 'wakeup' && m.address === slept.address);
  if (woken === undefined) {
    sentences.push(`Nobody ever woke ${slept.name}.`);
  } else {
    moments.push(woken);
    const late = woken.step > slept.step;
    sentences.push(
      `${capital(doing(woken))} woke ${woken.name} last${at(woken)}, ${late ? 'which did not end the sleep' : `${slept.step - woken.step} steps too early: pid ${pid} did not sleep yet`}.`,
    );
    const state = c.capture.kernel?.ptable.procs[slept.thread - c.capture.m.cpus.length]?.state;
    const looked = c.moments.filter((m) => m.address === state && m.step > woken.step);
    moments.push(...looked.filter((m) => isWrite(m) || m.thread === woken.thread).slice(0, 4));
  }
  return { moments, sentences };
}

/** A wakeup between the check of a condition and the sleep. */
export function wakeupStory(c: Case): Story {
  const { last, moments, finding } = c;
  const main: Moment[] = [];
  const why: string[] = [];
  for (const pid of finding.about?.pids ?? []) {
    const slept = sleeper(c, pid);
    main.push(...slept.moments);
    why.push(...slept.sentences);
    if (slept.moments.length > 0) continue;
    const unlocked = moments.findLast((m) => m.kind === 'release' && m.pid === pid);
    if (unlocked !== undefined) main.push(unlocked);
  }
  const wakeup = moments.findLast((m) => m.kind === 'wakeup' && m.thread === last?.thread);
  if (last !== undefined && wakeup !== undefined) main.push(wakeup, last);
  why.push(...finding.detail.map(sentence));
  return { summary: finding.title, main, why };
}

/** Two classes of locks in both orders. */
export function orderStory(c: Case, waiting: readonly Moment[]): Story {
  const { orders } = c.capture;
  const main: Moment[] = [];
  const why: string[] = [];
  const locks = new Set((c.finding.about?.locks ?? []).map((lock) => lockNames(c, [lock])));
  const classes = new Set([...locks].map(lockClass));
  const add = (held: Moment, taken: Moment): void => {
    main.push(held, taken);
    why.push(
      `${capital(doing(taken))} took ${held.name}${at(held)} and ${taken.kind === 'spin' ? 'now wants' : 'then'} ${taken.name}${at(taken)}.`,
    );
  };
  for (const [order, [held, taken]] of orders) {
    const [from = '', to = ''] = order.split(' → ');
    if (classes.has(from) && classes.has(to)) add(held, taken);
  }
  for (const m of waiting) {
    const held = m.locks.map((lock) => c.capture.heldSince.get(lock)).find((h) => h !== undefined);
    if (held !== undefined && !orders.has(orderName(held.name, m.name))) add(held, m);
  }
  if (main.length <= 2) why.push(...c.finding.detail.slice(1).map(sentence));
  const who = c.capture.kernel === undefined ? 'threads' : 'CPUs';
  why.push(`Two ${who} that do both at the same time wait for each other for ever.`);
  return { summary: c.finding.title, main, why };
}

/** A spinlock that stays held while its holder does not run, or a sleeplock in a program's hands. */
export function heldStory(c: Case): Story {
  const main: Moment[] = [];
  const why: string[] = [];
  for (const lock of c.finding.about?.locks ?? []) {
    const held = c.capture.heldSince.get(lock);
    if (held === undefined) continue;
    main.push(held);
    why.push(`${capital(doing(held))} took ${held.name}${at(held)} and holds it still.`);
  }
  for (const word of c.finding.about?.words ?? []) {
    const taken = c.moments.findLast((m) => isWrite(m) && m.address === word);
    if (taken === undefined) continue;
    main.push(taken);
    const lock = taken.name.replace(/\.pid$/, '');
    why.push(`${capital(doing(taken))} took ${lock}${at(taken)} and holds it still.`);
    why.push('It returns to its program: whoever needs the lock now sleeps for ever.');
    return { summary: c.finding.title, main, why };
  }
  const { last } = c;
  if (last !== undefined) {
    main.push(last);
    why.push(`It gives up the CPU${at(last)}: whoever needs the lock now spins for ever.`);
  }
  return { summary: c.finding.title, main, why };
}
