import { ByteReader, ByteWriter } from './bytes.ts';
import { Malformed } from './errors.ts';

/*
 * The bytes of a run of switches: one byte a switch for the usual. The low bits of the byte say by how
 * much the lane goes up (around the end of `lanes`), the high bits after how many steps; a field that is
 * all ones is an escape, and the number follows. An increase of 0 would be no switch, so it means *the
 * last switch again*, once or more: round-robin with an even quantum costs almost nothing. Where the
 * byte is parted is chosen for each run: few lanes leave room for long gaps.
 */

/** The lane field has 2 to 6 bits, the gap field the other 6 to 2. */
export const LANE_BITS_MIN = 2;
export const LANE_BITS_MAX = 6;

/**
 * A frame that claims more switches is damage. Repetitions cost no bytes, so it is this number that
 * bounds what a file can ask for by its size.
 */
export const CHOICES_PER_FRAME_MAX = 4096;

/** Gaps and increases from here on take an escape in every layout. */
const LONG = 64;

/** A run of switches as it stands in a frame. */
export interface ChoiceRun {
  /** Switches in `data`, repeated ones counted. */
  readonly count: number;
  /** The switch before the first of this run; 0 and 0 at the start of a trace. */
  readonly step: number;
  readonly lane: number;
  /** More than every lane of this run and `lane`; increases are counted around it. */
  readonly lanes: number;
  readonly bits: number;
  readonly data: Uint8Array;
}

/** Steps and lanes of a run, decoded. */
export interface DecodedChoices {
  readonly steps: Float64Array;
  readonly lanes: Uint32Array;
}

/** Codes the first `count` switches; steps never decrease, from `step` on. */
export function encodeChoices(
  steps: Float64Array,
  lanes: Uint32Array,
  count: number,
  step: number,
  lane: number,
): ChoiceRun {
  let most = lane;
  for (let i = 0; i < count; i++) most = Math.max(most, lanes[i]!);
  const modulus = most + 1;
  const bits = cheapestBits(steps, lanes, count, step, lane, modulus);
  const data = encodeRun(steps, lanes, count, step, lane, modulus, bits);
  return { count, step, lane, lanes: modulus, bits, data };
}

/** The width of the lane field that needs the fewest escapes. */
function cheapestBits(
  steps: Float64Array,
  lanes: Uint32Array,
  count: number,
  step: number,
  lane: number,
  modulus: number,
): number {
  const gaps = new Uint32Array(LONG + 1);
  const ups = new Uint32Array(LONG + 1);
  let lastStep = step;
  let lastLane = lane;
  let lastGap = -1;
  let lastUp = -1;
  for (let i = 0; i < count; i++) {
    const gap = steps[i]! - lastStep;
    const difference = lanes[i]! - lastLane;
    const up = difference < 0 ? difference + modulus : difference;
    lastStep = steps[i]!;
    lastLane = lanes[i]!;
    if (gap === lastGap && up === lastUp) continue;
    lastGap = gap;
    lastUp = up;
    gaps[gap < LONG ? gap : LONG]!++;
    ups[up < LONG ? up : LONG]!++;
  }
  let best = LANE_BITS_MIN;
  let least = Number.POSITIVE_INFINITY;
  for (let bits = LANE_BITS_MIN; bits <= LANE_BITS_MAX; bits++) {
    let escapes = 0;
    for (let gap = 2 ** (8 - bits); gap <= LONG; gap++) escapes += gaps[gap]!;
    for (let up = 2 ** bits - 1; up <= LONG; up++) escapes += ups[up]!;
    if (escapes < least) {
      least = escapes;
      best = bits;
    }
  }
  return best;
}

/** The bytes of a run; repetitions are folded. */
function encodeRun(
  steps: Float64Array,
  lanes: Uint32Array,
  count: number,
  step: number,
  lane: number,
  modulus: number,
  bits: number,
): Uint8Array {
  const out = new ByteWriter(count + 32);
  const laneEscape = 2 ** bits - 1;
  const gapEscape = 2 ** (8 - bits) - 1;
  let lastStep = step;
  let lastLane = lane;
  let lastGap = -1;
  let lastUp = -1;
  let repeats = 0;
  for (let i = 0; i < count; i++) {
    const gap = steps[i]! - lastStep;
    const difference = lanes[i]! - lastLane;
    const up = difference < 0 ? difference + modulus : difference;
    lastStep = steps[i]!;
    lastLane = lanes[i]!;
    if (gap === lastGap && up === lastUp) {
      repeats++;
      continue;
    }
    if (repeats > 0) putRepeats(out, repeats, bits, gapEscape);
    repeats = 0;
    lastGap = gap;
    lastUp = up;
    const gapCode = gap > 0 && gap <= gapEscape ? gap - 1 : gapEscape;
    const upCode = up > 0 && up < laneEscape ? up : laneEscape;
    out.ensure(24);
    out.byte((gapCode << bits) | upCode);
    if (gapCode === gapEscape) out.unsigned(gap);
    if (upCode === laneEscape) out.unsigned(up);
  }
  if (repeats > 0) putRepeats(out, repeats, bits, gapEscape);
  return out.view();
}

function putRepeats(out: ByteWriter, repeats: number, bits: number, gapEscape: number): void {
  const code = Math.min(repeats - 1, gapEscape);
  out.ensure(24);
  out.byte(code << bits);
  if (code === gapEscape) out.unsigned(repeats);
}

/** Throws `Malformed` unless `data` holds exactly `count` switches to lanes below `lanes`. */
export function decodeChoices(run: ChoiceRun): DecodedChoices {
  const { count, bits, lanes: modulus } = run;
  const laneEscape = 2 ** bits - 1;
  const gapEscape = 2 ** (8 - bits) - 1;
  const steps = new Float64Array(count);
  const lanes = new Uint32Array(count);
  const data = new ByteReader(run.data);
  let step = run.step;
  let lane = run.lane;
  let gap = 0;
  let up = 0;
  let done = 0;
  while (!data.done) {
    const byte = data.byte();
    const laneCode = byte & laneEscape;
    const gapCode = byte >> bits;
    let times = 1;
    if (laneCode === 0) {
      if (done === 0) throw new Malformed('the first switch repeats one');
      times = gapCode === gapEscape ? data.unsigned() : gapCode + 1;
    } else {
      gap = gapCode === gapEscape ? data.unsigned() : gapCode + 1;
      up = laneCode === laneEscape ? data.unsigned() : laneCode;
      if (up >= modulus) throw new Malformed('a lane is out of range');
    }
    if (done + times > count) throw new Malformed('there are more switches than said');
    for (; times > 0; times--) {
      step += gap;
      lane = (lane + up) % modulus;
      steps[done] = step;
      lanes[done++] = lane;
    }
  }
  if (done !== count) throw new Malformed('there are fewer switches than said');
  if (!Number.isSafeInteger(step)) throw new Malformed('a step is too large');
  return { steps, lanes };
}
