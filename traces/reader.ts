import {
  type EndBody,
  headerVersion,
  type Numbered,
  parseCheckpoint,
  parseChoices,
  parseEnd,
  parseEvents,
  parseFinding,
  parseHeader,
  parseLink,
} from './bodies.ts';
import { type ChoiceRun, decodeChoices } from './choice-code.ts';
import { Choices } from './choices.ts';
import { Malformed, TraceFormatError } from './errors.ts';
import { decodeRows, type EventRows } from './event-code.ts';
import { type Damage, FRAME_MARK, type Frame, scanFrames, unpackBody } from './frames.ts';
import type { Checkpoint, TraceEnd, TraceEvent, TraceFinding, TraceHeader } from './trace.ts';
import { TRACE_MAGIC, TRACE_VERSION } from './version.ts';

/** Part of the execution that should be in the trace and is not, whatever became of it. */
export interface Missing {
  readonly what: 'header' | 'choices' | 'events' | 'checkpoints' | 'findings' | 'end';
  /** Number of the first lost switch or event; 0 for the others. */
  readonly from: number;
  /** How many are lost; 1 for header and end. A lost end may hide any number of lost switches. */
  readonly count: number;
  /** One line for people. */
  readonly message: string;
}

/** One execution as far as it can be read. It is whole if `damage` and `missing` are empty. */
export interface Trace {
  /** Undefined if it is lost: the events can be shown, nothing can be replayed. */
  readonly header: TraceHeader | undefined;
  readonly choices: Choices;
  /** Decoded anew, frame by frame, each time they are iterated. */
  readonly events: Iterable<TraceEvent>;
  /** Events that can be read. */
  readonly eventCount: number;
  readonly checkpoints: readonly Checkpoint[];
  readonly findings: readonly TraceFinding[];
  /** Undefined if the recording was cut short. */
  readonly end: TraceEnd | undefined;
  readonly damage: readonly Damage[];
  /** Bytes of the file. */
  readonly size: number;
  readonly missing: readonly Missing[];
}

/**
 * Reads all that is whole, whatever the bytes are. Throws a `TraceFormatError`, and nothing else, if
 * that is nothing or if the trace is of another version of the format. Keeps views of `file`.
 */
export function readTrace(file: Uint8Array): Trace {
  if (file.length === 0) throw new TraceFormatError('empty', 'the trace is empty');
  const { frames, damage } = scanFrames(file);
  const contents = new Contents(damage, identityOf(frames), file.length);
  for (const frame of frames) contents.add(frame);
  if (contents.readFrames === 0) throw nothingReadable(file);
  return contents.trace();
}

function nothingReadable(file: Uint8Array): TraceFormatError {
  const start = String.fromCharCode(...file.subarray(0, 64));
  if (file[0] !== FRAME_MARK && !start.includes(TRACE_MAGIC)) {
    return new TraceFormatError('not-a-trace', 'this is not a trace of xv6-replay');
  }
  const message = 'the trace is damaged so that nothing in it can be read';
  return new TraceFormatError('unreadable', message);
}

/**
 * Which trace a file is of: that of its first header. Without one, the trace of its first frame that
 * names one.
 */
function identityOf(frames: readonly Frame[]): number | undefined {
  let named: number | undefined;
  for (const { body, crc } of frames) {
    try {
      const content = unpackBody(body);
      if (headerVersion(content) !== undefined) return crc;
      named ??= parseLink(content).of;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
  return named;
}

/** Frames of other kinds are reported as unknown, wherever they stand. */
const KINDS: ReadonlySet<unknown> = new Set([
  'header',
  'choices',
  'events',
  'checkpoint',
  'finding',
  'end',
]);

/** Sorts the frames of a file by kind and checks how they fit together. */
class Contents {
  readFrames = 0;
  readonly #damage: Damage[];
  #header: TraceHeader | undefined;
  readonly #runs: (ChoiceRun & Numbered)[] = [];
  readonly #rows: (EventRows & Numbered)[] = [];
  readonly #checkpoints: Checkpoint[] = [];
  readonly #findings: TraceFinding[] = [];
  #end: EndBody | undefined;
  /** Where the last accepted choices frame ends. */
  #step = 0;
  #lane = 0;

  /** The trace whose frames are wanted, and the last of them: its number, and its checksum. */
  readonly #of: number | undefined;
  #seq = -1;
  #after = 0;
  readonly #size: number;

  constructor(damage: readonly Damage[], of: number | undefined, size: number) {
    this.#damage = [...damage];
    this.#of = of;
    this.#size = size;
  }

  add(frame: Frame): void {
    try {
      const body = unpackBody(frame.body);
      const seq = this.#placeOf(body, frame.crc);
      if (this.#accept(body)) {
        this.readFrames++;
        this.#seq = seq;
        this.#after = frame.crc;
      } else this.#refuse(frame, 'unknown frame', 'a frame of an unknown kind');
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#refuse(frame, 'bad content', error.message);
    }
  }

  /** The number of a frame in its trace. @throws Malformed if it does not belong where it stands. */
  #placeOf(body: Readonly<Record<string, unknown>>, crc: number): number {
    if (!KINDS.has(body.kind)) return this.#seq;
    const isHeader = body.kind === 'header';
    if (isHeader && this.#header !== undefined) throw new Malformed('a second header');
    const { of, seq, after } = isHeader ? { of: crc, seq: 0, after: 0 } : parseLink(body);
    if (of !== this.#of && headerVersion(body) === undefined) {
      throw new Malformed('a frame of another trace');
    }
    if (this.#end !== undefined) throw new Malformed('a frame after the end');
    if (seq <= this.#seq)
      throw new Malformed('a frame out of order, or one that was there already');
    if (seq === this.#seq + 1 && seq > 0 && after !== this.#after) {
      throw new Malformed('a frame that does not follow the one before');
    }
    return seq;
  }

  /** False for a kind that this version does not know. */
  #accept(body: Readonly<Record<string, unknown>>): boolean {
    switch (body.kind) {
      case 'header':
        this.#addHeader(body);
        return true;
      case 'choices':
        this.#addChoices(parseChoices(body));
        return true;
      case 'events':
        this.#addEvents(parseEvents(body));
        return true;
      case 'checkpoint':
        this.#checkpoints.push(parseCheckpoint(body));
        return true;
      case 'finding':
        this.#findings.push(parseFinding(body));
        return true;
      case 'end':
        this.#addEnd(parseEnd(body));
        return true;
      default:
        return false;
    }
  }

  #addHeader(body: Readonly<Record<string, unknown>>): void {
    const version = headerVersion(body);
    if (version === undefined) throw new Malformed('a header without magic or version');
    if (version !== TRACE_VERSION) {
      const age = version > TRACE_VERSION ? 'a newer' : 'another';
      const message = `the trace is in ${age} format, version ${version}; this program reads version ${TRACE_VERSION}`;
      throw new TraceFormatError('version', message);
    }
    this.#header = parseHeader(body);
  }

  #addChoices(run: ChoiceRun & Numbered): void {
    const last = this.#runs.at(-1);
    const before = last === undefined ? 0 : last.n + last.count;
    if (run.n < before) throw new Malformed('switches that were there already');
    if (run.n === before && (run.step !== this.#step || run.lane !== this.#lane)) {
      throw new Malformed('switches that do not follow the ones before');
    }
    const { steps, lanes } = decodeChoices(run);
    this.#step = steps.at(-1) ?? run.step;
    this.#lane = lanes.at(-1) ?? run.lane;
    this.#runs.push(run);
  }

  #addEvents(rows: EventRows & Numbered): void {
    const last = this.#rows.at(-1);
    if (last !== undefined && rows.n < last.n + last.count) {
      throw new Malformed('events that were there already');
    }
    decodeRows(rows);
    this.#rows.push(rows);
  }

  /** @throws Malformed for an end that counts less than is there: it is of another run. */
  #addEnd(end: EndBody): void {
    const counted = (frames: readonly (Numbered & { readonly count: number })[]): number => {
      const last = frames.at(-1);
      return last === undefined ? 0 : last.n + last.count;
    };
    if (
      end.choices < counted(this.#runs) ||
      end.events < counted(this.#rows) ||
      end.checkpoints < this.#checkpoints.length ||
      end.findings < this.#findings.length
    ) {
      throw new Malformed('an end that counts less than there is before it');
    }
    this.#end = end;
  }

  #refuse({ offset, length }: Frame, what: Damage['what'], message: string): void {
    this.#damage.push({ offset, length, what, message });
  }

  trace(): Trace {
    const rows = this.#rows;
    const end = this.#end;
    return {
      header: this.#header,
      choices: new Choices(this.#runs, end?.choices),
      events: {
        *[Symbol.iterator]() {
          for (const frame of rows) yield* decodeRows(frame);
        },
      },
      eventCount: rows.reduce((sum, frame) => sum + frame.count, 0),
      checkpoints: this.#checkpoints,
      findings: this.#findings,
      end: end === undefined ? undefined : withoutTotals(end),
      damage: this.#damage.sort((a, b) => a.offset - b.offset),
      size: this.#size,
      missing: this.#missing(),
    };
  }

  #missing(): Missing[] {
    const missing: Missing[] = [];
    if (this.#header === undefined) {
      const message = 'the header is damaged or missing: what ran is not known';
      missing.push({ what: 'header', from: 0, count: 1, message });
    }
    missing.push(...holes('choices', 'switches', this.#runs, this.#end?.choices));
    missing.push(...holes('events', 'events', this.#rows, this.#end?.events));
    const { checkpoints = 0, findings = 0 } = this.#end ?? {};
    missing.push(...fewer('checkpoints', checkpoints - this.#checkpoints.length));
    missing.push(...fewer('findings', findings - this.#findings.length));
    if (this.#end === undefined) {
      const message = 'the end is missing: the recording stopped early or the file was cut';
      missing.push({ what: 'end', from: 0, count: 1, message });
    }
    return missing;
  }
}

function withoutTotals({ steps, switches, verdict, digest, exitCode }: EndBody): TraceEnd {
  return { steps, switches, verdict, digest, exitCode };
}

/** Frames that the end counts and nobody found. */
function fewer(what: 'checkpoints' | 'findings', count: number): Missing[] {
  if (count <= 0) return [];
  const words = count === 1 ? `${what.slice(0, -1)} is` : `${what} are`;
  return [{ what, from: 0, count, message: `${count} ${words} missing` }];
}

/** What lies between the frames of one kind, and behind the last if `total` says so. */
function holes(
  what: 'choices' | 'events',
  words: string,
  frames: readonly { readonly n: number; readonly count: number }[],
  total: number | undefined,
): Missing[] {
  const found: Missing[] = [];
  let expected = 0;
  const behind = total === undefined ? [] : [{ n: total, count: 0 }];
  for (const { n, count } of [...frames, ...behind]) {
    if (n > expected) {
      const lost = n - expected;
      const message = `${words} ${expected} to ${n - 1} are missing (${lost})`;
      found.push({ what, from: expected, count: lost, message });
    }
    expected = n + count;
  }
  return found;
}
