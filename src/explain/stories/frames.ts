import {
  at,
  type Case,
  capital,
  doing,
  isAccess,
  lockNames,
  type Story,
  staleMoments,
  staleRead,
  staleSentences,
  value,
} from '../history.ts';
import type { Moment } from '../moment.ts';
import { frameName, valueText } from '../value.ts';

const PHRASES: Readonly<Record<string, string>> = {
  allocate: 'was given it',
  free: 'freed it',
  map: 'mapped it',
  unmap: 'unmapped it',
};

/** A frame used by whom it does not belong to: who freed it, when, and who could still reach it. */
export function frameStory(c: Case): Story {
  const { finding, moments } = c;
  const [ppn = 0] = finding.about?.frames ?? [];
  const failing = c.last;
  const lifeEvents = moments.filter((m) => m.kind in PHRASES && m.address === ppn);
  const life = lifeEvents.slice(beginning(lifeEvents, failing));
  const stores = moments.filter((m) => m.kind === 'store' && m.after === ppn);
  const flushes = moments.filter((m) => m.kind === 'flush');
  const why: string[] = [];
  const main: Moment[] = [];
  for (const m of condensed(life)) {
    if (m === failing) continue;
    const phrase = PHRASES[m.kind] ?? '';
    why.push(
      `${capital(doing(m))} ${why.length === 0 ? phrase.replace('it', m.name) : phrase}${at(m)}.`,
    );
    main.push(m);
  }
  main.push(...stores.slice(-2));
  if (failing !== undefined) {
    main.push(failing);
    const does = isAccess(failing)
      ? `used it (${failing.name})`
      : (PHRASES[failing.kind] ?? 'used it');
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
  why.push(...stillMapped(c, ppn));
  const call = failing === undefined ? '' : `: ${doing(failing)}`;
  return { summary: `${finding.title}${call}`, main, why };
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
    const of = moments.filter((m) => m.address === ppn || (m.kind === 'store' && m.after === ppn));
    const born = of.findLast((m) => m.kind === 'allocate');
    const latest = of[of.length - 1];
    if (born !== undefined) {
      main.push(born);
      why.push(`${capital(doing(born))} was given ${frameName(ppn)}${at(born)}.`);
    }
    if (latest !== undefined && latest !== born) {
      main.push(latest);
      const did = PHRASES[latest.kind] ?? 'stored its number';
      why.push(`The last to have it was ${doing(latest)}, which ${did}${at(latest)}.`);
    }
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
  const one = frames.length + leftOver(c).length === 1;
  why.push(`At the end, only init is left and nobody can free ${one ? 'it' : 'them'}.`);
  return { summary: finding.title, main, why };
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
  const objects = kernel.shm.objects.filter((o) => words[o.refs] !== 0);
  return [...slots.map((p) => p.state), ...objects.map((o) => o.refs)];
}
