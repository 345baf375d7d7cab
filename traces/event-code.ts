import { ByteReader, ByteWriter } from './bytes.ts';
import { Malformed } from './errors.ts';
import type { TraceEvent, TraceEventKind } from './trace.ts';

/*
 * Events as rows in one block of bytes, strings in a table beside it: nothing is allocated for an event
 * unless it brings a string that this frame has not seen. The kinds' numbers and fields are those of
 * FORMAT.md, section "events".
 */

/** Every kind, in the order of their numbers. */
export const EVENT_KINDS: readonly TraceEventKind[] = [
  'switch',
  'enter',
  'exit',
  'fault',
  'irq',
  'print',
  'lock',
  'unlock',
  'sleep',
  'wakeup',
  'life',
  'page',
];

/** The number of each kind in a row: its place in `EVENT_KINDS`. */
export const KIND = {
  switch: 0,
  enter: 1,
  exit: 2,
  fault: 3,
  irq: 4,
  print: 5,
  lock: 6,
  unlock: 7,
  sleep: 8,
  wakeup: 9,
  life: 10,
  page: 11,
} as const satisfies Record<TraceEventKind, number>;

/** The high four bits of a row's first byte when the CPU does not fit there. */
const CPU_ESCAPE = 15;

/** Longest row without arguments: a byte and seven numbers. */
const ROW_BYTES_MAX = 64;
const NUMBER_BYTES_MAX = 9;

/** A longer string is cut here and ends with an ellipsis, so that a frame's size stays bounded. */
export const TEXT_LENGTH_MAX = 65_535;

/** A frame that claims more events is damage. */
export const EVENTS_PER_FRAME_MAX = 2 ** 24;

/** UTF-16 units of all texts that the rows of one frame name, each as often as it is named. */
const TOLD_MAX = 2 ** 22;

/** Rows as they stand in a frame. */
export interface EventRows {
  readonly count: number;
  /** The step of the event before the first; 0 at the start of a trace. */
  readonly step: number;
  readonly strings: readonly string[];
  readonly rows: Uint8Array;
}

/** Collects the rows of one frame after the other. Begin a row, then put its fields in order. */
export class RowWriter {
  readonly #out: ByteWriter;
  readonly #index = new Map<string, number>();
  #strings: string[] = [];
  #textUnits = 0;
  #told = 0;
  #count = 0;
  #firstStep = 0;
  #step = 0;
  #rowStart = 0;
  #stepBefore = 0;

  constructor(capacity: number) {
    this.#out = new ByteWriter(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** About how many bytes the frame will take. */
  get size(): number {
    // Two rows more can name no more than is left then.
    if (this.#told > TOLD_MAX / 2) return Number.POSITIVE_INFINITY;
    return this.#out.at + this.#textUnits;
  }

  /** Throws a RangeError if `step` is no safe integer of 0 or more; then there is no row. */
  begin(kind: number, step: number, cpu: number): void {
    if (!(Number.isSafeInteger(step) && step >= 0)) throw new RangeError(`${step} is no step`);
    const out = this.#out;
    out.ensure(ROW_BYTES_MAX);
    this.#rowStart = out.at;
    this.#stepBefore = this.#step;
    if (cpu < CPU_ESCAPE) out.byte(kind | (cpu << 4));
    else {
      out.byte(kind | (CPU_ESCAPE << 4));
      out.unsigned(cpu);
    }
    out.signed(step - this.#step);
    this.#step = step;
    this.#count++;
  }

  /** Throws a RangeError if `value` is no safe integer, and takes the row back. */
  number(value: number): void {
    if (!Number.isSafeInteger(value)) {
      this.#out.at = this.#rowStart;
      this.#step = this.#stepBefore;
      this.#count--;
      throw new RangeError(`${value} is no safe integer`);
    }
    this.#out.signed(value);
  }

  text(value: string): void {
    this.#out.unsigned(this.#intern(value));
  }

  optionalText(value: string | undefined): void {
    this.#out.unsigned(value === undefined ? 0 : this.#intern(value) + 1);
  }

  /** Numbers and strings; a number that is no safe integer is kept as its text. */
  values(values: readonly (number | string)[]): void {
    const out = this.#out;
    const count = values.length;
    out.ensure((count + 1) * (NUMBER_BYTES_MAX + 1));
    out.unsigned(count);
    for (let i = 0; i < count; i++) {
      const value = values[i] as number | string;
      if (typeof value === 'string') out.unsigned(this.#intern(value) * 2 + 1);
      else if (Number.isSafeInteger(value)) putValue(out, value);
      else out.unsigned(this.#intern(String(value)) * 2 + 1);
    }
  }

  #intern(text: string): number {
    this.#told += Math.min(text.length, TEXT_LENGTH_MAX);
    const known = this.#index.get(text);
    if (known !== undefined) return known;
    if (text.length > TEXT_LENGTH_MAX)
      return this.#intern(`${text.slice(0, TEXT_LENGTH_MAX - 1)}…`);
    const index = this.#strings.length;
    this.#strings.push(text);
    this.#index.set(text, index);
    this.#textUnits += text.length + 3;
    return index;
  }

  /** The rows so far; the next row begins a new frame. `rows` is good until then. */
  take(): EventRows {
    const rows = this.#out.view();
    const taken = { count: this.#count, step: this.#firstStep, strings: this.#strings, rows };
    this.#out.at = 0;
    this.#index.clear();
    this.#strings = [];
    this.#textUnits = 0;
    this.#told = 0;
    this.#count = 0;
    this.#firstStep = this.#step;
    return taken;
  }
}

/** A number among values: as signed, but below it one more bit, 0. */
function putValue(out: ByteWriter, value: number): void {
  const sign = value < 0 ? 2 : 0;
  const magnitude = Math.abs(value);
  if (magnitude < 32) {
    out.byte((magnitude << 2) | sign);
    return;
  }
  out.byte(((magnitude % 32) << 2) | sign | 0x80);
  out.unsigned(Math.floor(magnitude / 32));
}

/** The events of a frame. Throws `Malformed` unless `rows` holds exactly `count` of them. */
export function decodeRows(frame: EventRows): TraceEvent[] {
  const reader = new RowReader(frame);
  const events: TraceEvent[] = [];
  while (!reader.done) events.push(reader.event());
  if (events.length !== frame.count)
    throw new Malformed('there are more or fewer events than said');
  return events;
}

class RowReader {
  readonly #in: ByteReader;
  readonly #strings: readonly string[];
  #told = 0;
  #step: number;

  constructor(frame: EventRows) {
    this.#in = new ByteReader(frame.rows);
    this.#strings = frame.strings;
    this.#step = frame.step;
  }

  get done(): boolean {
    return this.#in.done;
  }

  event(): TraceEvent {
    const input = this.#in;
    const head = input.byte();
    const kind = EVENT_KINDS[head & 0x0f];
    if (kind === undefined) throw new Malformed('an event is of an unknown kind');
    const cpu = head >> 4 === CPU_ESCAPE ? input.unsigned() : head >> 4;
    const step = this.#step + input.signed();
    if (!Number.isSafeInteger(step) || step < 0) throw new Malformed('a step is out of range');
    this.#step = step;
    if (kind === 'irq') return { kind, step, cpu };
    if (kind === 'switch') {
      return { kind, step, cpu, from: input.signed(), to: input.signed(), reason: this.#text() };
    }
    const pid = input.signed();
    switch (kind) {
      case 'enter':
        return { kind, step, cpu, pid, call: this.#text(), args: this.#values() };
      case 'exit': {
        const exit = { kind, step, cpu, pid, call: this.#text(), result: input.signed() };
        const out = input.unsigned();
        return out === 0 ? exit : { ...exit, out: this.#string(out - 1) };
      }
      case 'fault':
        return { kind, step, cpu, pid, scause: input.signed(), stval: this.#text() };
      case 'print':
        return { kind, step, cpu, pid, text: this.#text() };
      case 'lock':
      case 'unlock':
        return { kind, step, cpu, pid, name: this.#text() };
      case 'sleep':
      case 'wakeup':
        return { kind, step, cpu, pid, channel: this.#text() };
      case 'page': {
        const [scause, stval] = [input.signed(), this.#text()];
        return { kind, step, cpu, pid, scause, stval, now: this.#text() };
      }
      case 'life': {
        const [object, state] = [this.#text(), this.#text()];
        return { kind, step, cpu, pid, object, state, count: input.signed() };
      }
    }
  }

  #text(): string {
    return this.#string(this.#in.unsigned());
  }

  #string(index: number): string {
    const text = this.#strings[index];
    if (text === undefined) throw new Malformed('a string is not in the table');
    this.#told += text.length;
    if (this.#told > TOLD_MAX) throw new Malformed('the rows repeat too much text');
    return text;
  }

  #values(): (number | string)[] {
    const input = this.#in;
    const count = input.unsigned();
    const values: (number | string)[] = [];
    for (let i = 0; i < count; i++) {
      const byte = input.byte();
      if (byte & 1) {
        const high = byte & 0x80 ? input.unsigned() * 64 : 0;
        values.push(this.#string(((byte >> 1) & 63) + high));
      } else {
        values.push(input.signedRest(byte >> 2, 5, (byte >> 1) & 1));
      }
    }
    return values;
  }
}
