import type { Trace } from '../../traces/reader.ts';
import { count, plural, printable } from '../text.ts';

/** Beyond this many places the report counts. */
const SHOWN = 8;

/** Whether all that was recorded is there. */
export function isWhole({ damage, missing }: Trace): boolean {
  return damage.length === 0 && missing.length === 0;
}

/** What is lost of a trace and why, a line each, for standard error. */
export function damageLines({ damage, missing }: Trace): string[] {
  const lost = damage.map(
    ({ offset, length, message }) =>
      `byte ${count(offset)}: ${plural(length, 'byte')} cannot be read: ${message}`,
  );
  return [...shorten(lost), ...shorten(missing.map(({ message }) => message))].map(printable);
}

function shorten(lines: readonly string[]): string[] {
  if (lines.length <= SHOWN) return [...lines];
  return [...lines.slice(0, SHOWN), `and ${count(lines.length - SHOWN)} more such places`];
}
