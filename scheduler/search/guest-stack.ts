import type { SearchState } from './state.ts';

/** One place of the host's stack where guest code stands. */
export interface GuestFrame {
  /** File name or address of the script, and the digest of its text, by which a reader finds it. */
  readonly script: string;
  readonly hash: string;
  /** Offset in the script's text, in UTF-16 units. */
  readonly position: number;
  /** The same for people: `file:line:column` of the script that runs. */
  readonly place: string;
}

/** What V8 answers for a frame; of its methods those that are used here. */
interface CallSite {
  getFileName(): string | null;
  getScriptNameOrSourceURL(): string | null;
  getScriptHash(): string;
  getPosition(): number;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
}

/** Frames of the host's stack that are looked at. */
const DEPTH = 48;

const MACHINE = new URL('../../machine/', import.meta.url).pathname;

/**
 * Tells apart the places in a guest's program where an operation is announced: its part of the host's
 * stack, between the machine that performs the operation and the machine that resumed the thread.
 *
 * A place has a number from 1. The stack is on the host only while guest code announces, so `number`
 * is to be called then.
 */
export class GuestStacks {
  private readonly numbers = new Map<string, number>();
  private frames: (readonly GuestFrame[])[] = [[]];

  /** The number of the place where guest code stands now; 0 where none does or it is too deep. */
  number(): number {
    const sites = capture();
    if (sites.length === 0) return 0;
    const key = sites.map((site) => `${site.getFileName()}:${site.getPosition()}`).join('\n');
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.frames.length;
    this.numbers.set(key, number);
    this.frames.push(sites.map(frameOf));
    return number;
  }

  /** The frames of a place, the innermost first. */
  framesOf(number: number): readonly GuestFrame[] {
    return this.frames[number] as readonly GuestFrame[];
  }

  save(): SearchState {
    return { keys: [...this.numbers.keys()], frames: [...this.frames] };
  }

  restore({ keys, frames }: SearchState): void {
    this.numbers.clear();
    for (const [i, key] of (keys as string[]).entries()) this.numbers.set(key, i + 1);
    this.frames = frames as (readonly GuestFrame[])[];
  }

  /** The innermost of them for people. */
  placeOf(number: number): string {
    return this.frames[number]?.[0]?.place ?? '';
  }
}

function frameOf(site: CallSite): GuestFrame {
  const script = site.getScriptNameOrSourceURL() ?? site.getFileName() ?? '';
  const place = `${script}:${site.getLineNumber() ?? 0}:${site.getColumnNumber() ?? 0}`;
  return { script, hash: site.getScriptHash(), position: site.getPosition(), place };
}

function capture(): readonly CallSite[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = DEPTH;
  Error.prepareStackTrace = (_error, sites) => sites;
  const sites = new Error().stack as unknown as readonly CallSite[];
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  const entered = sites.findIndex(isMachine);
  const from = sites.findIndex((site, i) => i > entered && !isMachine(site));
  const to = sites.findIndex((site, i) => i > from && isMachine(site));
  if (entered < 0 || from < 0 || to < 0) return [];
  // The last is the host's own `next`, by which the machine resumed the thread.
  return sites.slice(from, sites[to - 1]?.getFileName() ? to : to - 1);
}

function isMachine(site: CallSite): boolean {
  return site.getFileName()?.includes(MACHINE) === true;
}
