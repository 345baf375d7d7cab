import { PTE_RWX, PTE_V, PTE_W, ppnOfPte } from '../../../machine/index.ts';
import {
  at,
  type Case,
  capital,
  doing,
  isAccess,
  isWrite,
  lockNames,
  type Story,
  sentence,
  staleMoments,
  staleRead,
  staleSentences,
  value,
  who,
} from '../history.ts';
import type { Moment } from '../moment.ts';
import { frameName, valueText } from '../value.ts';

const PHRASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    allocate: 'was given it',
    free: 'freed it',
    map: 'mapped it',
    unmap: 'unmapped it',
  }),
);

/** What somebody did to a frame: `mapped it, read-only`. */
function deed({ kind, before = 0, after }: Moment): string {
  const did = PHRASES.get(kind) ?? 'used it';
  if (kind !== 'map') return did;
  if ((after & PTE_RWX) === 0) return 'made it a page table';
  const rights = (after & PTE_W) === 0 ? 'read-only' : 'writable';
  const again = (before & PTE_V) !== 0 && ppnOfPte(before) === ppnOfPte(after);
  return again ? `made its mapping ${rights}` : `${did}, ${rights}`;
}

/** A frame used by whom it does not belong to: who freed it, when, and who could still reach it. */
export function frameStory(c: Case): Story {
  const { finding, moments } = c;
  const [ppn = 0] = finding.about?.frames ?? [];
  const failing = c.last;
  const lifeEvents = moments.filter((m) => PHRASES.has(m.kind) && m.address === ppn);
  const life = lifeEvents.slice(beginning(lifeEvents, failing));
  const stores = moments.filter((m) => m.kind === 'store' && m.after === ppn);
  const flushes = moments.filter((m) => m.kind === 'flush');
  const why: string[] = [];
  const main: Moment[] = [];
  for (const m of condensed(life)) {
    if (m === failing) continue;
    const phrase = deed(m);
    why.push(
      `${capital(doing(m))} ${why.length === 0 ? phrase.replace(/\bit\b/, m.name) : phrase}${at(m)}.`,
    );
    main.push(m);
  }
  main.push(...stores.slice(-2));
  if (failing !== undefined) {
    main.push(failing);
    const verb = isWrite(failing) ? 'wrote to it' : 'used it';
    const does = isAccess(failing) ? `${verb} (${failing.name})` : deed(failing);
    why.push(
      `Then ${doing(failing)} ${does}${at(failing)}, holding ${lockNames(c, failing.locks)}.`,
    );
  }
  const gone = life.findLast((m) => m.kind === 'unmap' || m.kind === 'free');
  if (failing !== undefined && isAccess(failing) && failing.user && gone !== undefined) {
    const after = flushes.filter(
      (m) =>
        m.step > gone.step &&
        m.cpu === failing.cpu &&
        m.address === failing.thread - c.capture.m.cpus.length + 1,
    );
    why.push(
      after.length === 0
        ? `CPU ${failing.cpu} did not forget the translations of pid ${failing.pid} in between: it still had the old one.`
        : `CPU ${failing.cpu} flushed its translations at step ${after[0]?.step}, but the page table still led there.`,
    );
  }
  const counted = countedWrong(c, ppn);
  main.push(...counted.main);
  why.push(...counted.why, ...stillMapped(c, ppn));
  const call = failing === undefined ? '' : `: ${doing(failing)}`;
  return { summary: `${finding.title}${call}`, main, why };
}

/** Who counted its references on what was no longer so; in all its lives, the last comes last. */
function countedWrong(c: Case, ppn: number): Pick<Story, 'main' | 'why'> {
  const name = `kmem.refs[0x${ppn.toString(16)}]`;
  const counts = c.moments.filter((m) => m.name === name);
  const locks = c.moments.filter((m) => /acquire|release/.test(m.kind) && m.name === 'kmem.lock');
  const stale = staleRead([...counts, ...locks].sort((a, b) => a.step - b.step));
  if (stale === undefined) return lastLook(c, ppn, counts);
  return { main: staleMoments(c, stale), why: staleSentences(c, stale) };
}

/** That who uses it has company; or what who frees it had counted it down to, and then found. */
function lastLook(c: Case, ppn: number, counts: readonly Moment[]): Pick<Story, 'main' | 'why'> {
  const { last } = c;
  const latest = counts.findLast((m) => isWrite(m));
  const isPrivate = !c.capture.m.memory.isShared(ppn);
  if (
    last !== undefined &&
    isWrite(last) &&
    isPrivate &&
    latest !== undefined &&
    latest.after > 1
  ) {
    const owners = `${latest.name} was ${value(latest)} since ${doing(latest)}${at(latest)}`;
    return { main: [latest], why: [`${owners}: a process that writes to it must copy it first.`] };
  }
  if (last?.kind !== 'free') return { main: [], why: [] };
  const own = counts.filter((m) => m.thread === last.thread && m.turn === last.turn);
  const looked = own.findLast((m) => m.kind === 'load');
  const counted = own.findLast((m) => m.kind === 'store');
  if (counted === undefined || looked?.after !== 0 || looked.step < counted.step) {
    return { main: [], why: [] };
  }
  return {
    main: [counted, looked],
    why: [
      `${capital(who(last))} had made ${counted.name} ${value(counted)}${at(counted)}, and freed the frame because it found ${value(looked)} there later${at(looked)}.`,
    ],
  };
}

/** The last life of the frame; the one before, too, if it did not end before it was used. */
function beginning(life: readonly Moment[], failing: Moment | undefined): number {
  const born = (m: Moment): boolean => m.kind === 'allocate' && m !== failing;
  const last = life.findLastIndex(born);
  const ended = life.slice(last + 1).some((m) => m !== failing && /unmap|free/.test(m.kind));
  return Math.max(0, ended || last < 0 ? last : life.slice(0, last).findLastIndex(born));
}

/** At most six events: the first, and the last ones. */
function condensed(life: readonly Moment[]): readonly Moment[] {
  return life.length <= 6 ? life : [life[0] as Moment, ...life.slice(-5)];
}

/** Who mapped the frame and never unmapped it. */
function stillMapped({ moments, last, finding }: Case, ppn: number): string[] {
  if (finding.detector !== 'dangling') return [];
  const pids = new Set<number>();
  for (const m of moments) {
    if (m.address !== ppn) continue;
    if (m.kind === 'map') pids.add(m.pid);
    if (m.kind === 'unmap') pids.delete(m.pid);
  }
  if (pids.size === 0) return [];
  const list = [...pids].map((pid) => `pid ${pid}`).join(' and ');
  return [
    `${capital(list)} mapped ${frameName(ppn)} and had not unmapped it${last === undefined ? '' : ` at step ${last.step}`}.`,
  ];
}

/** What nobody can reach or free in the end: who got it, and the last who could have freed it. */
export function leakStory(c: Case): Story {
  const { finding, moments } = c;
  const frames = finding.about?.frames ?? [];
  const why: string[] = [];
  const main: Moment[] = [];
  for (const ppn of frames.slice(0, 3)) {
    const lost = lostFrame(c, ppn);
    main.push(...lost.main);
    why.push(...lost.why);
  }
  const stale = staleRead(
    moments.filter((m) => m.name === 'kmem.freelist' || m.kind === 'release'),
  );
  if (stale !== undefined) {
    main.push(...staleMoments(c, stale));
    why.push(...staleSentences(c, stale));
  }
  for (const word of leftOver(c).slice(0, 2)) {
    const writes = moments.filter((m) => m.address === word && /store|modify/.test(m.kind));
    main.push(...writes.slice(-3));
    const latest = writes[writes.length - 1];
    if (latest !== undefined) {
      why.push(
        `${latest.name} was last written by ${doing(latest)}${at(latest)}: ${valueText(latest.name, latest.before ?? 0)} → ${value(latest)}.`,
      );
    }
  }
  if (frames.length === 0) why.push(...finding.detail.slice(0, 3).map((line) => sentence(c, line)));
  const one = frames.length + leftOver(c).length === 1;
  why.push(`At the end, only init is left and no other process can free ${one ? 'it' : 'them'}.`);
  return { summary: finding.title, main, why };
}

/** Who got a frame, who forgot where it was or lost count of it, and who had it last. */
function lostFrame(c: Case, ppn: number): Pick<Story, 'main' | 'why'> {
  const all = c.moments.filter((m) => m.address === ppn && PHRASES.has(m.kind));
  const born = all.findLast((m) => m.kind === 'allocate');
  const life = all.slice(born === undefined ? 0 : all.indexOf(born) + 1);
  const counted = countedWrong(c, ppn);
  const main = [...counted.main];
  const why: string[] = [];
  if (born !== undefined) {
    main.push(born);
    why.push(`${capital(doing(born))} was given ${frameName(ppn)}${at(born)}.`);
  }
  const kept = c.moments.findLast((m) => m.kind === 'store' && m.after === ppn && m.before !== ppn);
  const gone = c.moments.findLast(
    (m) => m.kind === 'store' && m.address === kept?.address && m.before === ppn && m.after !== ppn,
  );
  if (kept !== undefined && gone !== undefined && kept.name !== 'kmem.freelist') {
    main.push(kept, gone);
    why.push(
      `${capital(doing(kept))} noted it in ${kept.name}${at(kept)}; ${doing(gone)} overwrote that with ${value(gone)}${at(gone)}, so no process can find it any more.`,
    );
    return { main, why };
  }
  const latest = life[life.length - 1];
  if (latest !== undefined) {
    main.push(latest);
    why.push(`The last to have it was ${doing(latest)}, which ${deed(latest)}${at(latest)}.`);
  }
  why.push(...counted.why);
  if (life.length === 0 && counted.why.length === 0) why.push('Nobody used it or let it go.');
  return { main, why };
}

/** Words of objects and processes that are still there. */
function leftOver({ finding, capture }: Case): number[] {
  const { kernel } = capture;
  if (kernel === undefined) return [];
  const { words } = kernel.m;
  const pids = [...finding.detail.join('\n').matchAll(/pid (\d+) is still there/g)];
  const slots = pids.flatMap(([, pid]) =>
    kernel.ptable.procs.filter((p) => words[p.pid] === Number(pid)),
  );
  return [...slots.map((p) => p.state), ...(finding.about?.words ?? [])];
}
