import { Packr, Unpackr } from 'msgpackr';
import { crc32 } from './crc32.ts';
import { Malformed } from './errors.ts';
import { checkMsgpack } from './msgpack.ts';

/*
 * A frame is 0xC1 | length u32 | crc32 u32 | body, little-endian, and needs no other frame to be read:
 * so whatever happens to a file costs the frames that it touches and no more. msgpack never uses the
 * byte 0xC1, nor does UTF-8, so after damage the next frame is found by looking for one.
 */

/** The first byte of every frame, and so of every trace. */
export const FRAME_MARK = 0xc1;
const HEAD_BYTES = 9;

/** The largest body. A length above it is damage, not a frame that ends behind the file. */
export const FRAME_BYTES_MAX = 2 ** 24;

// Records would make frames depend on earlier ones; fixed map sizes give each map only one encoding.
const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

/** The CRC-32 of the body of a frame that `packFrame` made. */
export function crcOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(5, true);
}

/** One whole frame. Throws a RangeError if the body is larger than `FRAME_BYTES_MAX`. */
export function packFrame(body: object): Uint8Array {
  const packed = packr.pack(body);
  if (packed.length > FRAME_BYTES_MAX) {
    throw new RangeError(`a frame of ${packed.length} bytes: ${FRAME_BYTES_MAX} is the limit`);
  }
  const bytes = new Uint8Array(HEAD_BYTES + packed.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = FRAME_MARK;
  view.setUint32(1, packed.length, true);
  view.setUint32(5, crc32(packed), true);
  bytes.set(packed, HEAD_BYTES);
  return bytes;
}

/** The body of a frame as a map. Throws `Malformed` if it is not msgpack or not a map. */
export function unpackBody(body: Uint8Array): Readonly<Record<string, unknown>> {
  checkMsgpack(body);
  let value: unknown;
  try {
    value = unpackr.unpack(body);
  } catch (error) {
    throw new Malformed(`the body is not msgpack: ${String(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Malformed('the body is not a map');
  }
  return value as Readonly<Record<string, unknown>>;
}

/**
 * A stretch of the file that is lost.
 *
 * - `cut`: the file ends inside a frame.
 * - `bad checksum`: a frame whose bytes (or length) changed.
 * - `bad content`: the checksum fits, but the content breaks FORMAT.md; no writer of ours made it.
 * - `unknown frame`: whole, but of a kind or in a place that this version does not know.
 * - `garbage`: bytes between frames.
 */
export interface Damage {
  readonly offset: number;
  readonly length: number;
  readonly what: 'cut' | 'bad checksum' | 'bad content' | 'unknown frame' | 'garbage';
  /** One line for people, without the offset. */
  readonly message: string;
}

/** A frame whose checksum fits; `length` counts its head too. */
export interface Frame {
  readonly offset: number;
  readonly length: number;
  /** Of the body. */
  readonly crc: number;
  readonly body: Uint8Array;
}

/** The whole frames of a file in order, and between them what is damaged. Never throws. */
export function scanFrames(file: Uint8Array): { frames: Frame[]; damage: Damage[] } {
  const frames: Frame[] = [];
  const damage: Damage[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const budget = { bytes: 8 * file.length + FRAME_BYTES_MAX };
  let at = 0;
  while (at < file.length) {
    const length = wholeFrameAt(file, view, at);
    if (length > 0) {
      const body = file.subarray(at + HEAD_BYTES, at + length);
      frames.push({ offset: at, length, crc: view.getUint32(at + 5, true), body });
      at += length;
      continue;
    }
    const next = nextFrame(file, view, at + 1, budget);
    damage.push(describe(file, view, at, next));
    at = next;
  }
  return { frames, damage };
}

/** The length of the frame at `at` with its head, or 0 if no whole frame stands there. */
function wholeFrameAt(file: Uint8Array, view: DataView, at: number): number {
  const length = claimedLength(file, view, at);
  if (length === 0 || at + length > file.length) return 0;
  return crc32(file, at + HEAD_BYTES, at + length) === view.getUint32(at + 5, true) ? length : 0;
}

/** What the head at `at` says is the frame's length with its head; 0 if that is no head. */
function claimedLength(file: Uint8Array, view: DataView, at: number): number {
  if (file[at] !== FRAME_MARK || at + HEAD_BYTES > file.length) return 0;
  const length = view.getUint32(at + 1, true);
  return length === 0 || length > FRAME_BYTES_MAX ? 0 : HEAD_BYTES + length;
}

/**
 * Where the next whole frame begins, or the end of the file. `budget` bounds the bytes that are summed
 * in vain, so that a file made of marks takes no quadratic time; when it is spent, the rest is lost.
 */
function nextFrame(
  file: Uint8Array,
  view: DataView,
  from: number,
  budget: { bytes: number },
): number {
  for (let at = file.indexOf(FRAME_MARK, from); at !== -1; at = file.indexOf(FRAME_MARK, at + 1)) {
    const length = claimedLength(file, view, at);
    if (length === 0 || at + length > file.length) continue;
    budget.bytes -= length;
    if (budget.bytes < 0) break;
    if (wholeFrameAt(file, view, at) > 0) return at;
  }
  return file.length;
}

function describe(file: Uint8Array, view: DataView, offset: number, next: number): Damage {
  const length = next - offset;
  if (file[offset] !== FRAME_MARK) {
    return { offset, length, what: 'garbage', message: 'these bytes are no frame' };
  }
  const claimed = claimedLength(file, view, offset);
  const atEnd = next === file.length;
  if (atEnd && (length < HEAD_BYTES || (claimed > 0 && offset + claimed > file.length))) {
    const message = 'the file ends inside a frame';
    return { offset, length, what: 'cut', message };
  }
  const message = 'the checksum of a frame does not fit';
  return { offset, length, what: 'bad checksum', message };
}
