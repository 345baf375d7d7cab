import type { Trace } from '../../traces/reader.ts';
import { damageLines } from '../report/damage-text.ts';
import { shellWord } from '../report/text.ts';
import type { Shell } from './shell.ts';

/** Says what is lost of a trace, after all that could be read was used. Nothing for a whole one. */
export function reportDamage(
  name: string,
  trace: Trace,
  options: { readonly json?: boolean },
  shell: Shell,
): void {
  for (const line of damageLines(trace)) shell.warn(`${shellWord(name)}: ${line}`);
  if (!options.json) return;
  for (const { what, ...rest } of trace.damage) {
    shell.json({ kind: 'damage', trace: name, what, ...rest });
  }
  for (const { what, ...rest } of trace.missing) {
    shell.json({ kind: 'missing', trace: name, what, ...rest });
  }
}
