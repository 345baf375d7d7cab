/** What a finding is about: for its explanation, which watches these when the run is repeated. */
export interface About {
  /** Addresses of words. */
  readonly words?: readonly number[];
  /** Physical page numbers. */
  readonly frames?: readonly number[];
  /** Addresses of lock words. */
  readonly locks?: readonly number[];
  readonly pids?: readonly number[];
  /** Addresses of channels and locks of things whose state matters: who waits for them is stuck. */
  readonly things?: readonly number[];
  /** Addresses of words that only an explanation needs: they say how what is wrong came about. */
  readonly related?: readonly number[];
  /** Addresses of words of things that more than one may have been given, as by a wrong count. */
  readonly contested?: readonly number[];
  /** Whether it is seen when all is over: then it matters what processes sleep on. */
  readonly isTheEnd?: boolean;
}

/** One bug found in the guest, with the evidence for it. */
export interface Finding {
  /** Name of the detector that reports it. */
  readonly detector: string;
  /** One line: what is wrong. */
  readonly title: string;
  /** Further lines: who, where, why. */
  readonly detail: readonly string[];
  /** Operations performed when it was seen. */
  readonly step: number;
  readonly about?: About;
}

/** Ends an execution at the step where a detector saw something. */
export class Found extends Error {
  override readonly name = 'Found';
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.title);
    this.finding = finding;
  }
}

/**
 * A short name made from the content, `XR-3f9a1c`: the same finding of the same run has the same
 * name everywhere. FNV-1a, 24 bits.
 */
export function shortId(...content: readonly (string | number)[]): string {
  let hash = 0x811c9dc5;
  for (const char of content.join('\0')) {
    hash = Math.imul(hash ^ (char.codePointAt(0) as number), 0x01000193);
  }
  return `XR-${((hash ^ (hash >>> 24)) & 0xffffff).toString(16).padStart(6, '0')}`;
}

/** A short id, with the number that the store may have put behind it. */
export const SHORT_ID = /^XR-[0-9a-f]{6}(-\d+)?$/;

/**
 * What makes two findings the same bug: the kind, and the places in the title, whichever of two comes
 * first, but for numbers, which differ from one execution to the next, also that of `and 2 more`.
 */
export function likeness({ detector, title }: Finding): string {
  const unnumbered = title.replace(/, and \d+ more$/, '').replace(/\d+|0x[0-9a-f]+/g, '#');
  const [, what, one = '', other = ''] = /^(.*: )(.+) and (.+)$/.exec(unnumbered) ?? [];
  const places = what === undefined ? unnumbered : `${what}${[one, other].sort().join(' and ')}`;
  return `${detector}: ${places}`;
}
