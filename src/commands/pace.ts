import { performance } from 'node:perf_hooks';
import { InvalidArgumentError } from 'commander';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
]);

/** `90`, `60s`, `5m`, `2h` as seconds. */
export function parseDuration(text: string): number {
  const [, digits, unit = 's'] = /^(\d+)([smh])?$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS.get(unit) as number);
  if (seconds > 0 && seconds <= 1e7) return seconds;
  throw new InvalidArgumentError('It must be a time such as 60s, 5m or 2h.');
}

/** A line in place of the one before; a terminal that is too narrow cuts it and does not wrap it. */
export function inPlace(line: string): string {
  return `\r\x1b[?7l${line}\x1b[K\x1b[?7h`;
}

/** Answers once a second that there is something to show, and whether the time is over. */
export class Pace {
  readonly began = performance.now();
  private shown = this.began;
  private readonly end: number;

  constructor(seconds: number) {
    this.end = this.began + 1000 * seconds;
  }

  get seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  get isOver(): boolean {
    return performance.now() >= this.end;
  }

  get hasShown(): boolean {
    return this.shown !== this.began;
  }

  get shows(): boolean {
    const now = performance.now();
    if (now - this.shown < 1000) return false;
    this.shown = now;
    return true;
  }
}
