import { crcOf, packFrame, scanFrames, unpackBody } from '../traces/frames.ts';

export type Body = Readonly<Record<string, unknown>>;

/** The bodies of a trace's frames, in order. */
export function bodiesOf(file: Uint8Array): Body[] {
  return scanFrames(file).frames.map(({ body }) => unpackBody(body));
}

/**
 * A trace of these bodies whose checksums and links are right, as somebody writes it who wants it to be
 * believed; the first is the header.
 */
export function forged(bodies: readonly Body[]): Uint8Array {
  const [header, ...rest] = bodies;
  const frames = [packFrame(header ?? {})];
  const of = crcOf(frames[0] as Uint8Array);
  let after = of;
  for (const [i, body] of rest.entries()) {
    const frame = packFrame({ ...body, of, seq: i + 1, after });
    after = crcOf(frame);
    frames.push(frame);
  }
  return Buffer.concat(frames);
}
