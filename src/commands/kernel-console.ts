import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Board } from '../../riscv/board.ts';
import type { Screen } from '../kernel-file/screen.ts';
import { count } from '../text.ts';
import { Interrupt } from './interrupt.ts';
import type { Shell } from './shell.ts';

/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 5000;

/** What a kernel in a file prints, as bytes, to standard output. */
export function guestOutput(
  options: { readonly json?: boolean },
  shell: Shell,
): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder();
  return (bytes) => {
    const text = decoder.decode(bytes, { stream: true });
    if (options.json) shell.json({ kind: 'output', text });
    else shell.out.write(text);
  };
}

/**
 * Goes on until it ends or Ctrl-C, and tells a terminal how far it is.
 *
 * @param advance goes on for a moment; answers how it ended, or undefined.
 */
export async function drive<Ending extends string>(
  advance: () => Ending | undefined,
  board: Board,
  screen: Screen,
  shell: Shell,
): Promise<Ending | 'interrupted'> {
  const interrupt = new Interrupt();
  let due = performance.now() + PROGRESS_MS;
  try {
    for (;;) {
      const ending = advance();
      screen.flush();
      if (ending !== undefined) return ending;
      await setImmediate();
      if (interrupt.signal.aborted) return 'interrupted';
      if (!shell.err.isTerminal || performance.now() < due) continue;
      due = performance.now() + PROGRESS_MS;
      const start = shell.out.isInLine ? '\n' : '';
      shell.err.write(`${start}${count(board.executed)} instructions so far\n`);
    }
  } finally {
    interrupt.end();
  }
}
