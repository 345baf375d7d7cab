import type { ChoiceCursor, Choices } from './choices.ts';
import type { Trace } from './reader.ts';
import { type Choice, detailOf, type TraceEvent, type TraceHeader } from './trace.ts';

/** Two lists part at `index`; a side is undefined where its list is over. */
export interface Parting<T> {
  readonly index: number;
  readonly a: T | undefined;
  readonly b: T | undefined;
  /** The last of what both have in common, oldest first. */
  readonly before: readonly T[];
}

interface HeaderDifference {
  readonly field: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** Where two traces part. Each part is there only if the traces differ in it. */
export interface TraceDifference {
  /** Fields of the header that an execution depends on; `config.x` for an entry of the configuration. */
  readonly header: readonly HeaderDifference[];
  readonly choice?: Parting<Choice>;
  readonly event?: Parting<TraceEvent>;
  /** The smaller step of the first differing choice and event, if there is one. */
  readonly step?: number;
}

/** Events or choices shown before the place where two traces part. */
const CONTEXT = 5;

/**
 * The first point where two traces part, or undefined if they record the same execution. Events are
 * compared at the lower detail of the two. Only what can be read takes part: choices up to the first
 * hole, and of a cut trace less than of a whole one.
 */
export function diffTraces(a: Trace, b: Trace): TraceDifference | undefined {
  const header = headerDifferences(a.header, b.header);
  const detail = Math.min(a.header?.detail ?? 2, b.header?.detail ?? 2);
  const choice = choiceParting(a.choices, b.choices);
  const event = parting<TraceEvent>(upTo(detail, a.events), upTo(detail, b.events), same);
  if (header.length === 0 && choice === undefined && event === undefined) return undefined;
  const steps = [choice?.a, choice?.b, event?.a, event?.b].flatMap((at) => at?.step ?? []);
  return {
    header,
    ...(choice && { choice }),
    ...(event && { event }),
    ...(steps.length > 0 && { step: Math.min(...steps) }),
  };
}

function* upTo(detail: number, events: Iterable<TraceEvent>): Generator<TraceEvent> {
  for (const event of events) if (detailOf(event.kind) <= detail) yield event;
}

function headerDifferences(
  a: TraceHeader | undefined,
  b: TraceHeader | undefined,
): HeaderDifference[] {
  if (a === undefined || b === undefined) {
    return a === b ? [] : [{ field: 'header', a, b }];
  }
  const left = flatten(a);
  const right = flatten(b);
  const fields = new Set([...left.keys(), ...right.keys()]);
  return [...fields]
    .filter((field) => !same(left.get(field), right.get(field)))
    .map((field) => ({ field, a: left.get(field), b: right.get(field) }));
}

function flatten(header: TraceHeader): Map<string, unknown> {
  const { config, detail: _, ...rest } = header;
  const fields = new Map<string, unknown>(Object.entries(rest));
  for (const [name, value] of Object.entries(config)) fields.set(`config.${name}`, value);
  return fields;
}

function parting<T>(
  a: Iterable<T>,
  b: Iterable<T>,
  equal: (a: T, b: T) => boolean,
): Parting<T> | undefined {
  const left = a[Symbol.iterator]();
  const right = b[Symbol.iterator]();
  const before: T[] = [];
  for (let index = 0; ; index++) {
    const x = left.next();
    const y = right.next();
    if (x.done && y.done) return undefined;
    if (x.done || y.done || !equal(x.value, y.value)) {
      return { index, a: x.done ? undefined : x.value, b: y.done ? undefined : y.value, before };
    }
    before.push(x.value);
    if (before.length > CONTEXT) before.shift();
  }
}

/** Where two schedules part, without an object for each of their switches. */
function choiceParting(a: Choices, b: Choices): Parting<Choice> | undefined {
  const left = a.cursor();
  const right = b.cursor();
  for (let index = 0; ; index++) {
    if (left.step !== right.step || left.lane !== right.lane) {
      return { index, a: at(left), b: at(right), before: before(a, index) };
    }
    // Both are over.
    if (left.lane < 0) return undefined;
    left.next();
    right.next();
  }
}

function at({ step, lane }: ChoiceCursor): Choice | undefined {
  return lane < 0 ? undefined : { step, lane };
}

/** The last switches before a place. */
function before(choices: Choices, index: number): Choice[] {
  const found: Choice[] = [];
  const cursor = choices.cursor();
  for (let i = 0; i < index; i++) {
    if (i >= index - CONTEXT) found.push({ step: cursor.step, lane: cursor.lane });
    cursor.next();
  }
  return found;
}

/** Plain data of numbers, strings, lists and maps, equal in content. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  return keys.every((key) =>
    same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
