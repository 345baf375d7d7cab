import type { Detector, DetectorKind } from '../../detectors/detector.ts';

/**
 * Checks the claim that critical sections commute, on which a search does not tell their order apart:
 * that they touch nothing but what their lock guards, and frames; that none changes a word whose value
 * it has not seen, which was then seen in another section; that none only looks, for what it sees may
 * then decide something; and that none finds its list empty, for then it matters who came first. It
 * reports no finding: it withdraws the claim.
 *
 * @param locks their locks
 */
export function commuting(locks: readonly number[]): DetectorKind {
  return {
    name: 'commuting',
    summary: 'critical sections that are said to commute do so',
    make(guest): Detector {
      const { m } = guest;
      const { guards } = m.layout;
      const said = new Set(locks);
      /** By CPU, the lock of the section that it is in. */
      const within: number[] = m.cpus.map(() => -1);
      /** By CPU, the guarded words that it has seen in this section. */
      const seen = m.cpus.map(() => new Set<number>());
      const changes = m.cpus.map(() => false);
      let wrong: string | undefined;
      const sectionAt = (address: number): number => {
        const lock = within[m.cpu.id] as number;
        if (lock >= 0 && address < m.layout.size && guards[address] !== lock) {
          wrong ??= `a section of ${guest.nameOf(lock)} touches ${guest.nameOf(address)}`;
        }
        return lock;
      };
      return {
        name: 'commuting',
        looksInside: true,
        begin() {
          within.fill(-1);
          wrong = undefined;
        },
        acquired(lock) {
          if (!said.has(lock)) return;
          within[m.cpu.id] = lock;
          changes[m.cpu.id] = false;
          seen[m.cpu.id]?.clear();
        },
        released(lock) {
          if (within[m.cpu.id] !== lock) return;
          within[m.cpu.id] = -1;
          const [address] = seen[m.cpu.id] ?? [];
          if (address === undefined || changes[m.cpu.id]) return;
          wrong ??= `a section of ${guest.nameOf(lock)} only looks at ${guest.nameOf(address)}`;
        },
        loaded(address) {
          const lock = sectionAt(address);
          if (lock < 0 || guards[address] !== lock) return;
          seen[m.cpu.id]?.add(address);
          if (m.words[address] === 0) {
            wrong ??= `a section of ${guest.nameOf(lock)} finds ${guest.nameOf(address)} empty`;
          }
        },
        stored(address) {
          const lock = sectionAt(address);
          if (lock >= 0) changes[m.cpu.id] = true;
          if (lock < 0 || guards[address] !== lock || seen[m.cpu.id]?.has(address)) return;
          wrong ??= `a section of ${guest.nameOf(lock)} stores ${guest.nameOf(address)} unseen`;
        },
        modified: (address) => void sectionAt(address),
        withdrawn: () => (wrong === undefined ? undefined : { claim: 'commute', text: wrong }),
      };
    },
  };
}
