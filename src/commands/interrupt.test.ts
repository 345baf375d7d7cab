import { afterEach, describe, expect, it } from 'vitest';
import { Interrupt } from './interrupt.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** How many listen: with none, the signal ends the process. */
const listening = (): readonly number[] => SIGNALS.map((signal) => process.listenerCount(signal));

let interrupt: Interrupt | undefined;

afterEach(() => interrupt?.end());

describe.each(SIGNALS)('%s', (signal) => {
  it('asks a campaign to end, and after it either signal ends the process at once', () => {
    const before = listening();
    interrupt = new Interrupt();
    expect(interrupt.signal.aborted).toBe(false);
    process.emit(signal);
    expect(interrupt.signal.aborted).toBe(true);
    expect(listening()).toEqual(before);
  });
});

it('a campaign that is over leaves nobody who listens', () => {
  const before = listening();
  interrupt = new Interrupt();
  expect(listening()).toEqual(before.map((count) => count + 1));
  interrupt.end();
  expect(listening()).toEqual(before);
});
