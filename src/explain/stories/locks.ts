import { lockClass } from '../../../detectors/held-locks.ts';
import {
  at,
  type Case,
  capital,
  changes,
  doing,
  isAccess,
  isWrite,
  lockNames,
  type Story,
  sentence,
  value,
  who,
} from '../history.ts';
import type { Moment } from '../moment.ts';
import { lockName, orderName } from '../value.ts';

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
  const asleep = (c.finding.about?.pids ?? []).map((pid) => sleeper(c, pid));
  // Who only waits for a child to exit is not to blame.
  const blamed = asleep.filter(({ isParent }) => !isParent);
  for (const { moments, sentences } of (blamed.length > 0 ? blamed : asleep).slice(0, 4)) {
    main.push(...moments);
    why.push(...sentences);
  }
  if (blamed.length > 0) why.push(...asleep.filter((each) => each.isParent).map(parentText));
  why.push(waiting.length > 0 ? 'None of them can ever go on.' : 'Nobody is left to wake them.');
  return { summary: c.finding.title, main, why };
}

interface Sleeper {
  readonly moments: readonly Moment[];
  readonly sentences: readonly string[];
  /** Whether it waits for a child to exit. */
  readonly isParent: boolean;
}

function parentText({ moments }: Sleeper): string {
  const slept = moments.find(({ kind }) => kind === 'sleep');
  return slept === undefined ? '' : `${capital(who(slept))} waits for a child to exit${at(slept)}.`;
}

/** Why a process sleeps on: the last wakeup of its channel came before it slept, or none came. */
function sleeper(c: Case, pid: number): Sleeper {
  const slept = c.moments.findLast((m) => m.kind === 'sleep' && m.pid === pid);
  if (slept === undefined) return { moments: [], sentences: [], isParent: false };
  const woken = c.moments.findLast((m) => m.kind === 'wakeup' && m.address === slept.address);
  const told = condition(c, slept, woken);
  told.push([slept, `${capital(doing(slept))} sleeps on ${slept.name}${at(slept)}.`]);
  const looks: Moment[] = [];
  if (woken !== undefined) {
    const late = woken.step > slept.step;
    told.push([
      woken,
      `${capital(doing(woken))} woke ${woken.name} last${at(woken)}, ${late ? 'which did not end the sleep' : `${slept.step - woken.step} steps too early: pid ${pid} did not sleep yet`}.`,
    ]);
    const state = c.capture.kernel?.ptable.procs[slept.thread - c.capture.m.cpus.length]?.state;
    const looked = c.moments.filter((m) => m.address === state && m.step > woken.step);
    looks.push(...looked.filter((m) => isWrite(m) || m.thread === woken.thread).slice(0, 4));
  }
  told.sort(([a], [b]) => a.step - b.step);
  const sentences = told.map(([, text]) => text);
  if (woken === undefined) sentences.push(`Nobody ever woke ${slept.name}.`);
  const isParent = slept.call === 'wait';
  return { moments: [...told.map(([m]) => m), ...looks], sentences, isParent };
}

type Told = [moment: Moment, sentence: string];

/**
 * What a sleeper had looked at before it slept, who changed that, and who looked for it too early or
 * in vain: words of the thing whose part it sleeps on, or in the memory of programs.
 */
function condition(c: Case, slept: Moment, woken: Moment | undefined): Told[] {
  const [thing = '\0'] = /^\w+\[\d+\]\./.exec(slept.name) ?? [];
  const { size } = c.capture.m.layout;
  const isNear = (m: Moment): boolean => m.name.startsWith(thing) || m.address >= size;
  const near = c.moments.filter((m) => isAccess(m) && isNear(m));
  const isLook = (m: Moment): boolean => m.kind === 'load' && m.address !== slept.address;
  const own = near.filter((m) => m.thread === slept.thread && m.turn === slept.turn);
  const looked = own.findLast((m) => isLook(m) && m.step < slept.step);
  const others = near.filter((m) => m.thread !== slept.thread);
  const announced = (m: Moment): boolean =>
    woken === undefined || m.step <= woken.step || m.step > slept.step;
  const changed = others.findLast(
    (m) => changes(m) && m.step > (looked?.step ?? 0) && announced(m),
  );
  const told: Told[] = [];
  if (looked !== undefined) {
    told.push([
      looked,
      `${capital(doing(looked))} looked: ${looked.name} = ${value(looked)}${at(looked)}.`,
    ]);
    const gap = c.moments.find(
      (m) =>
        m.kind === 'release' &&
        m.thread === looked.thread &&
        looked.locks.includes(m.address) &&
        m.step > looked.step,
    );
    if (
      gap !== undefined &&
      changed !== undefined &&
      gap.step < changed.step &&
      changed.step < slept.step
    ) {
      told.push([gap, `It let ${gap.name} go${at(gap)}.`]);
    }
  }
  if (changed !== undefined) {
    told.push([
      changed,
      `${capital(doing(changed))} made ${changed.name} ${value(changed)}${at(changed)}.`,
    ]);
  }
  const sought = others.findLast((m) => m.kind === 'load' && m.address === slept.address);
  if (woken === undefined && sought !== undefined) {
    told.push([
      sought,
      `${capital(doing(sought))} looked for waiters: ${sought.name} = ${value(sought)}${at(sought)}.`,
    ]);
  }
  return told;
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
  why.push(...finding.detail.map((line) => sentence(c, line)));
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
  if (main.length <= 2) why.push(...c.finding.detail.slice(1).map((line) => sentence(c, line)));
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
    const lock = lockName(c.capture.m.layout, word);
    why.push(`${capital(doing(taken))} took ${lock}${at(taken)} and holds it still.`);
    why.push('It returns to its program: whoever needs the lock now sleeps for ever.');
    return { summary: c.finding.title, main, why };
  }
  const { last } = c;
  if (last !== undefined) {
    main.push(last);
    why.push(`It gives up the CPU${at(last)}: whoever needs the lock now spins for ever.`);
  } else if (main.length > 0) {
    why.push('It returns to its program: whoever needs the lock now spins for ever.');
  }
  return { summary: c.finding.title, main, why };
}
