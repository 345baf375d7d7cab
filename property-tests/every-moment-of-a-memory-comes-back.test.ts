import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Moment, Moments } from '../riscv/moments.ts';

const PAGE = 4096;
/** The last page is short. */
const BYTES = 5 * PAGE + 512;

const store = fc.record({ at: fc.nat(BYTES - 1), value: fc.integer({ min: 0, max: 255 }) });
const deed = fc.oneof(
  { weight: 5, arbitrary: store },
  { weight: 1, arbitrary: fc.constant('take' as const) },
  { weight: 2, arbitrary: fc.record({ back: fc.nat() }) },
);

it('going back to any moment, in any order, brings the memory of that moment, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 80 }), (deeds) => {
      const bytes = new Uint8Array(BYTES);
      const moments = new Moments(bytes);
      const taken: { moment: Moment; copy: Uint8Array }[] = [];
      for (const each of deeds) {
        if (each === 'take') taken.push({ moment: moments.take(), copy: bytes.slice() });
        else if ('at' in each) {
          moments.changes(Math.floor(each.at / PAGE));
          bytes[each.at] = each.value;
        } else if (taken.length > 0) {
          const { moment, copy } = taken[each.back % taken.length]!;
          moments.restore(moment, () => undefined);
          expect(Buffer.compare(bytes, copy)).toBe(0);
          expect(moments.dirty).toEqual([]);
        }
      }
      const other = new Uint8Array(BYTES).fill(1);
      for (const { moment, copy } of taken) {
        new Moments(other).restore(moment, () => undefined);
        expect(Buffer.compare(other, copy)).toBe(0);
      }
    }),
    { numRuns: 200 },
  );
});
