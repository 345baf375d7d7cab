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

/** A frame that claims more switches is damage. */
export const CHOICES_PER_FRAME_MAX = 2 ** 20;

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
  const out = new RunWriter(count, bits);
  let lastStep = step;
  let lastLane = lane;
  for (let i = 0; i < count; i++) {
    const gap = steps[i]! - lastStep;
    lastStep = steps[i]!;
    const up = lanes[i]! - lastLane;
    lastLane = lanes[i]!;
    out.put(gap, up < 0 ? up + modulus : up);
  }
  return { count, step, lane, lanes: modulus, bits, data: out.finish() };
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

/** Puts switches one by one and folds repetitions. */
class RunWriter {
  readonly #out: ByteWriter;
  readonly #bits: number;
  /** The escapes: all ones in the lane field, in the gap field. */
  readonly #laneEscape: number;
  readonly #gapEscape: number;
  #gap = -1;
  #up = -1;
  #repeats = 0;

  constructor(count: number, bits: number) {
    this.#out = new ByteWriter(count + 32);
    this.#bits = bits;
    this.#laneEscape = 2 ** bits - 1;
    this.#gapEscape = 2 ** (8 - bits) - 1;
  }

  put(gap: number, up: number): void {
    if (gap === this.#gap && up === this.#up) {
      this.#repeats++;
      return;
    }
    if (this.#repeats > 0) this.#repeat();
    this.#gap = gap;
    this.#up = up;
    const out = this.#out;
    const gapCode = gap > 0 && gap <= this.#gapEscape ? gap - 1 : this.#gapEscape;
    const upCode = up > 0 && up < this.#laneEscape ? up : this.#laneEscape;
    out.ensure(24);
    out.byte((gapCode << this.#bits) | upCode);
    if (gapCode === this.#gapEscape) out.unsigned(gap);
    if (upCode === this.#laneEscape) out.unsigned(up);
  }

  #repeat(): void {
    const out = this.#out;
    const code = Math.min(this.#repeats - 1, this.#gapEscape);
    out.ensure(24);
    out.byte(code << this.#bits);
    if (code === this.#gapEscape) out.unsigned(this.#repeats);
    this.#repeats = 0;
  }

  finish(): Uint8Array {
    if (this.#repeats > 0) this.#repeat();
    return this.#out.view();
  }
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
