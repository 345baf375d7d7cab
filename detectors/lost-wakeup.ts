import type { Kernel } from '../kernel/kernel.ts';
import { type Proc, SLEEPING, ZOMBIE } from '../kernel/proc.ts';
import { type Ending, type Thread, waitsForSignal } from '../machine/index.ts';
import { type Detector, type DetectorKind, empty, found } from './detector.ts';
import type { About, Finding } from './finding.ts';
import type { Watched } from './watched.ts';

/** A wakeup that nobody heard, or has not heard yet. */
interface Wakeup {
  readonly who: string;
  readonly step: number;
}

/** A process in `sleep`, before it sleeps. */
interface Falling {
  readonly p: Proc;
  readonly chan: number;
  readonly lock: number;
  readonly step: number;
}

/**
 * A wakeup that comes between the check of a condition and the sleep, and so wakes nobody.
 *
 * In a kernel, at once: a wakeup of the channel passes a process that is on its way to sleep there
 * and holds neither the lock of the condition nor its own p->lock, so nothing keeps the two apart.
 * And at the end, when nothing can run: a process sleeps although it was killed, other than for a
 * sleeplock, whose waiters are not to be stopped; one sleeps in wait although a child of its is a
 * zombie; or a bare thread waits for a condition whose last signal came when nobody waited.
 *
 * The first can report what is no bug where a wakeup is sent that no condition goes with; xv6 has
 * none. The others never: who is left there is stuck; but a signal that was never meant for the
 * thread may be blamed. Costs a comparison an acquire, and a little for each sleep.
 */
class LostWakeup implements Detector {
  readonly name = 'lost-wakeup';
  private readonly guest: Watched;
  private readonly k: Kernel | undefined;
  private readonly falling: Falling[] = [];
  /** By thread: the channel that it wakes; 0 for none. */
  private readonly wakes: Int32Array;
  private wakers = 0;
  /** By channel or condition: the last wakeup or signal. */
  private readonly last = new Map<number, Wakeup>();
  /** By slot: the kill of its process. */
  private readonly kills = new Map<number, Wakeup>();
  /** By condition: threads that wait. */
  private readonly waiters = new Map<number, number>();

  constructor(guest: Watched) {
    this.guest = guest;
    this.k = guest.kernel;
    this.wakes = new Int32Array(guest.m.threads.length);
  }

  begin(): void {
    // To clear what is empty costs as much as to clear what is not.
    empty(this.falling);
    if (this.wakers > 0) this.wakes.fill(0);
    this.wakers = 0;
    if (this.last.size > 0) this.last.clear();
    if (this.kills.size > 0) this.kills.clear();
    if (this.waiters.size > 0) this.waiters.clear();
  }

  sleeping(chan: number, lock: number): void {
    const { m } = this.guest;
    const p = this.k?.ptable.procs[m.current.id - m.cpus.length];
    if (p === undefined) return;
    this.forget(p);
    if (chan !== 0) this.falling.push({ p, chan, lock, step: m.step });
  }

  killing(slot: number): void {
    const { m } = this.guest;
    this.kills.set(slot, { who: m.current.name, step: m.step });
  }

  waking(chan: number): void {
    const { m } = this.guest;
    const { id, name } = m.current;
    if (this.wakes[id] !== 0) this.wakers--;
    if (chan !== 0) {
      this.wakers++;
      this.last.set(chan, { who: name, step: m.step });
    }
    this.wakes[id] = chan;
  }

  acquired(lock: number): void {
    if (this.wakers === 0 || this.falling.length === 0) return;
    const { m } = this.guest;
    const chan = this.wakes[m.current.id];
    if (chan === 0) return;
    for (const falling of this.falling) {
      const { p } = falling;
      if (p.lock.word !== lock || falling.chan !== chan || p.thread === m.current) continue;
      if (m.words[p.state] === SLEEPING) return;
      // The waker has p->lock, so the sleeper has not; does it still have the other?
      const { cpu } = p.thread;
      if (cpu !== null && m.words[falling.lock] === cpu.id + 1) return;
      this.tooEarly(falling);
    }
  }

  /** Off its CPU, and not only for a moment: it sleeps. */
  switching(from: Thread): void {
    for (const { p } of this.falling) {
      if (p.thread !== from || this.guest.m.words[p.state] !== SLEEPING) continue;
      this.forget(p);
      return;
    }
  }

  private forget(p: Proc): void {
    const at = this.falling.findIndex((falling) => falling.p === p);
    if (at >= 0) this.falling.splice(at, 1);
  }

  private tooEarly({ p, chan, lock, step }: Falling): never {
    const { guest, k } = this;
    const channel = k?.channelName(chan) ?? '';
    const sleeper = p.thread.name;
    const title = `lost wakeup: ${sleeper} is about to sleep on ${channel}`;
    const detail = [
      `${sleeper} calls sleep at step ${step}, lets ${guest.nameOf(lock)} go and is not asleep yet`,
      `${guest.here()} wakes ${channel} in between, and finds ${sleeper} not asleep`,
    ];
    found(guest, this.name, title, detail, {
      words: [p.state, p.chan],
      things: [chan, lock],
      locks: [lock, p.lock.word],
      pids: [guest.m.words[p.pid] as number],
    });
  }

  signalled(word: number): void {
    const { m } = this.guest;
    // Nobody waits: a condition keeps no count, a semaphore does.
    if ((this.waiters.get(word) ?? 0) === 0) {
      this.last.set(word, { who: m.current.name, step: m.step });
    } else this.last.delete(word);
  }

  waiting(condition: number): void {
    this.waiters.set(condition, (this.waiters.get(condition) ?? 0) + 1);
  }

  awaited(word: number): void {
    const waiters = this.waiters.get(word) ?? 0;
    if (waiters > 0) this.waiters.set(word, waiters - 1);
  }

  ended(ending: Ending): Finding | undefined {
    if (ending !== 'blocked') return undefined;
    if (this.k === undefined) return this.unheardSignal();
    return this.unheardKill(this.k) ?? this.unheardChild(this.k);
  }

  private unheardKill(k: Kernel): Finding | undefined {
    const { words, layout } = k.m;
    const p = k.ptable.procs.find(
      (q) =>
        words[q.state] === SLEEPING &&
        words[q.killed] !== 0 &&
        ![...layout.sleeplocks.values()].includes(words[q.chan] as number),
    );
    if (p === undefined) return undefined;
    const pid = words[p.pid] as number;
    const channel = k.channelName(words[p.chan] as number);
    const kill = this.kills.get(p.index);
    const by = kill === undefined ? '' : ` by ${kill.who} at step ${kill.step}`;
    const detail = [
      `pid ${pid} was killed${by}, when it was not asleep yet, so no process was woken`,
      `then it went to sleep on ${channel} and did not look at its killed again`,
    ];
    return this.finding(`lost kill: pid ${pid} sleeps on ${channel}`, detail, {
      words: [p.state, p.chan, p.killed],
      locks: [p.lock.word],
      pids: [pid],
    });
  }

  private unheardSignal(): Finding | undefined {
    const { guest } = this;
    for (const thread of guest.m.threads) {
      if (!waitsForSignal(thread.kind) || thread.ticket === 0) continue;
      const signal = this.last.get(thread.a);
      if (signal === undefined) continue;
      const condition = guest.nameOf(thread.a);
      return this.finding(
        `lost wakeup: ${thread.name} waits for ${condition}`,
        [
          `${signal.who} signalled ${condition} at step ${signal.step}, when no thread waited`,
          `${thread.name} waited only then, and no thread signals again`,
        ],
        { words: [thread.a], locks: [thread.b] },
      );
    }
    return undefined;
  }

  private unheardChild(k: Kernel): Finding | undefined {
    const { words } = k.m;
    for (const p of k.ptable.procs) {
      if (words[p.state] !== SLEEPING || words[p.chan] !== p.channel) continue;
      const child = k.ptable.procs.find(
        (c) => words[c.state] === ZOMBIE && words[c.parent] === p.index + 1,
      );
      if (child === undefined) continue;
      const pid = words[p.pid];
      const wakeup = this.last.get(p.channel);
      const detail = [
        `pid ${pid} sleeps in wait, and its child pid ${words[child.pid]} is a zombie`,
      ];
      detail.push(
        wakeup === undefined
          ? 'no process woke it'
          : `the last wakeup came from ${wakeup.who} at step ${wakeup.step}: too early`,
      );
      const title = `lost wakeup: pid ${pid} waits for a child that has exited`;
      return this.finding(title, detail, {
        words: [p.state, p.chan, child.state],
        pids: [p, child].map((q) => words[q.pid] as number),
      });
    }
    return undefined;
  }

  private finding(title: string, detail: readonly string[], about: About): Finding {
    return { detector: this.name, title, detail, step: this.guest.m.step, about };
  }
}

export const lostWakeup: DetectorKind = {
  name: 'lost-wakeup',
  summary: 'a wakeup comes between the check of a condition and the sleep',
  make: (guest) => new LostWakeup(guest),
};
