import type { Detector, DetectorKind } from '../../detectors/detector.ts';

/**
 * Checks the claim that critical sections only look, on which a search does not tell their order
 * apart: that until the release they change nothing, load nothing but what their lock guards, and
 * take no other lock; and that nothing that a lock guards changes while it is not held. It reports no
 * finding: it withdraws the claim.
 */
export const looking: DetectorKind = {
  name: 'looking',
  summary: 'critical sections that are said only to look do so',
  make(guest): Detector {
    const { m } = guest;
    const { guards, sleeplocks } = m.layout;
    let wrong: string | undefined;
    const say = (lock: number, does: string): void => {
      wrong ??= `a section of ${guest.nameOf(lock)} that only looks ${does}`;
    };
    const changes = (address: number): void => {
      if (m.cpu.looking !== 0) say(m.cpu.looking, `changes ${guest.nameOf(address)}`);
      const guard = guards[address] ?? -1;
      if (guard < 0 || sleeplocks.has(guard) || m.words[guard] === m.cpu.id + 1) return;
      say(guard, `misses a change of ${guest.nameOf(address)}`);
    };
    return {
      name: 'looking',
      looksInside: true,
      begin() {
        wrong = undefined;
      },
      acquired(lock) {
        const { looking: of } = m.cpu;
        if (of !== 0 && of !== lock) say(of, `takes ${guest.nameOf(lock)}`);
      },
      loaded(address) {
        const { looking: of } = m.cpu;
        if (of !== 0 && guards[address] !== of) say(of, `loads ${guest.nameOf(address)}`);
      },
      stored: changes,
      modified: changes,
      accessed(address) {
        const { looking: of } = m.cpu;
        if (of !== 0) say(of, `uses ${guest.nameOf(address)}`);
      },
      switching() {
        const { looking: of } = m.cpu;
        if (of !== 0) say(of, 'gives up its CPU');
      },
      withdrawn: () => (wrong === undefined ? undefined : { claim: 'look', text: wrong }),
    };
  },
};
