import type { Kernel } from '../../kernel/kernel.ts';
import { NO_GUARD } from '../../machine/index.ts';
import { type Detector, type DetectorKind, found, here } from './detector.ts';

/**
 * A field that is declared `guarded by` a lock is touched only with that lock held by this CPU, also
 * when no other thread is near. Assumes the declarations (`Layout.word`'s guard) are meant. Loads
 * that the kernel marks pass. Costs two array reads an access.
 */
class LockDiscipline implements Detector {
  readonly name = 'lock-discipline';
  private readonly k: Kernel;
  private readonly guards: Int32Array;

  constructor(k: Kernel) {
    this.k = k;
    this.guards = k.m.layout.guards;
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
    const guard = this.guards[address];
    if (guard === undefined || guard === NO_GUARD) return;
    const { m } = this.k;
    const holder = m.words[guard] as number;
    if (holder === m.cpu.id + 1) return;
    const field = m.layout.nameOf(address);
    const lock = m.layout.nameOf(guard);
    const who = holder === 0 ? 'nobody holds it' : `CPU ${holder - 1} holds it`;
    found(this.k, this.name, `${field} touched without ${lock}`, [
      `${here(this.k)} ${verb} ${field}, which ${lock} guards; ${who}`,
    ]);
  }
}

export const lockDiscipline: DetectorKind = {
  name: 'lock-discipline',
  summary: 'a field is touched without the lock that guards it',
  make: (k) => new LockDiscipline(k),
};
