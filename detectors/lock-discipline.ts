import { NO_GUARD } from '../machine/index.ts';
import { type Detector, type DetectorKind, found } from './detector.ts';
import type { Watched } from './watched.ts';

/** From here downwards, guards that are sleeplocks. */
const SLEEPLOCK = NO_GUARD - 1;

/**
 * A field that is declared `guarded by` a lock is touched only with that lock held by this CPU, also
 * when no other thread is near. Assumes the declarations (`Layout.word`'s guard) are meant. Loads
 * that the kernel marks pass. Can report what is no bug: a field that its owner alone can reach at
 * that moment, for example before it is published; take the lock there, or do not declare a guard.
 * Costs two array reads an access.
 */
class LockDiscipline implements Detector {
  readonly name = 'lock-discipline';
  private readonly guest: Watched;
  /** By word: its spinlock; SLEEPLOCK minus its sleeplock's word; or NO_GUARD. */
  readonly guards: Int32Array;
  private readonly words: Int32Array;

  constructor(guest: Watched) {
    this.guest = guest;
    const { guards, sleeplocks } = guest.m.layout;
    this.guards = guards.map((guard) => (sleeplocks.has(guard) ? SLEEPLOCK - guard : guard));
    this.words = guest.m.words;
  }

  loaded(address: number, marked: boolean): void {
    if (!marked) this.check(address, 'loads');
  }

  stored(address: number): void {
    this.check(address, 'stores');
  }

  modified(address: number): void {
    this.check(address, 'modifies');
  }

  private check(address: number, verb: string): void {
    if (address >= this.guards.length) return;
    const guard = this.guards[address] as number;
    if (guard === NO_GUARD) return;
    if (guard <= SLEEPLOCK) this.checkSleeper(address, SLEEPLOCK - guard, verb);
    else if (this.words[guard] !== this.guest.m.cpu.id + 1) this.report(address, guard, verb);
  }

  private checkSleeper(address: number, guard: number, verb: string): void {
    const { guest } = this;
    const holder = this.words[guard] as number;
    if (holder !== 0 && holder === guest.kernel?.currentPid()) return;
    const field = guest.nameOf(address);
    const inner = guest.m.layout.sleeplocks.get(guard) as number;
    const lock = guest.nameOf(inner);
    const who = holder === 0 ? 'nobody holds it' : `pid ${holder} holds it`;
    const detail = [`${guest.here()} ${verb} ${field}, which ${lock} guards; ${who}`];
    const about = { words: [address, guard], locks: [inner] };
    found(guest, this.name, `${field} touched without ${lock}`, detail, about);
  }

  private report(address: number, guard: number, verb: string): never {
    const { guest } = this;
    const holder = this.words[guard] as number;
    const field = guest.nameOf(address);
    const lock = guest.nameOf(guard);
    const who = holder === 0 ? 'nobody holds it' : `CPU ${holder - 1} holds it`;
    const detail = [`${guest.here()} ${verb} ${field}, which ${lock} guards; ${who}`];
    const about = { words: [address], locks: [guard] };
    found(guest, this.name, `${field} touched without ${lock}`, detail, about);
  }
}

export const lockDiscipline: DetectorKind = {
  name: 'lock-discipline',
  summary: 'a field is touched without the lock that guards it',
  make: (guest) =>
    guest.m.layout.guards.some((guard) => guard !== NO_GUARD)
      ? new LockDiscipline(guest)
      : undefined,
};
