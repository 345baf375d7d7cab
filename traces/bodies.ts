import {
  CHOICES_PER_FRAME_MAX,
  type ChoiceRun,
  LANE_BITS_MAX,
  LANE_BITS_MIN,
} from './choice-code.ts';
import { Malformed } from './errors.ts';
import { EVENTS_PER_FRAME_MAX, type EventRows, TEXT_LENGTH_MAX } from './event-code.ts';
import type { Checkpoint, Json, TraceEnd, TraceFinding, TraceHeader } from './trace.ts';
import { TRACE_MAGIC, TRACE_VERSION } from './version.ts';

/*
 * The maps inside the frames, each kind's writing beside its reading. Keys stand in the order written
 * here, `kind` first: the same trace is the same bytes. Reading trusts nothing and throws `Malformed`.
 */

type Body = Readonly<Record<string, unknown>>;

/** What a choices or events frame adds to its run: how many came before it, to notice a hole. */
export interface Numbered {
  readonly n: number;
}

/** Where a frame stands in its trace; every frame but the header says it. */
export interface Link {
  /** The trace it belongs to: the CRC-32 of the header's body. */
  readonly of: number;
  /** Its number; the header is 0. */
  readonly seq: number;
  /** The CRC-32 of the body of the frame before it. */
  readonly after: number;
}

export function parseLink(body: Body): Link {
  return {
    of: count(body, 'of', 2 ** 32 - 1),
    seq: count(body, 'seq'),
    after: count(body, 'after', 2 ** 32 - 1),
  };
}

/** The end as it stands in the file, with the totals that show whether anything before it is lost. */
export interface EndBody extends TraceEnd {
  readonly choices: number;
  readonly events: number;
  readonly checkpoints: number;
  readonly findings: number;
}

export function headerBody(header: TraceHeader): object {
  const config = Object.entries(header.config).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    kind: 'header',
    magic: TRACE_MAGIC,
    version: TRACE_VERSION,
    guest: header.guest,
    program: header.program,
    args: [...header.args],
    seed: header.seed,
    strategy: header.strategy,
    prng: header.prng,
    cpus: header.cpus,
    mutants: [...header.mutants],
    config: Object.fromEntries(config),
    fingerprint: header.fingerprint,
    ...(header.source === undefined ? {} : { source: header.source }),
    detail: header.detail,
  };
}

/** The version that a header states, or undefined if the body is no header of ours. */
export function headerVersion(body: Body): number | undefined {
  if (body.kind !== 'header' || body.magic !== TRACE_MAGIC) return undefined;
  return typeof body.version === 'number' ? body.version : undefined;
}

export function parseHeader(body: Body): TraceHeader {
  const guest = body.guest;
  if (guest !== 'kernel' && guest !== 'bare' && guest !== 'elf')
    throw new Malformed('guest is neither kernel nor bare nor elf');
  return {
    guest,
    program: text(body, 'program'),
    args: texts(body, 'args'),
    seed: integer(body, 'seed'),
    strategy: text(body, 'strategy'),
    prng: text(body, 'prng'),
    cpus: count(body, 'cpus'),
    mutants: texts(body, 'mutants'),
    config: config(body.config),
    fingerprint: text(body, 'fingerprint'),
    ...(body.source === undefined ? {} : { source: text(body, 'source') }),
    detail: count(body, 'detail'),
  };
}

export function choicesBody(n: number, run: ChoiceRun): object {
  const { count, step, lane, lanes, bits, data } = run;
  return { kind: 'choices', n, count, step, lane, lanes, bits, data };
}

export function parseChoices(body: Body): ChoiceRun & Numbered {
  const run = {
    n: count(body, 'n'),
    count: count(body, 'count', CHOICES_PER_FRAME_MAX),
    step: count(body, 'step'),
    lane: count(body, 'lane', 2 ** 32 - 1),
    lanes: count(body, 'lanes', 2 ** 32),
    bits: count(body, 'bits', LANE_BITS_MAX),
    data: bytes(body, 'data'),
  };
  if (run.bits < LANE_BITS_MIN) throw new Malformed('bits is out of range');
  if (run.lane >= run.lanes) throw new Malformed('lane is out of range');
  return run;
}

export function eventsBody(n: number, taken: EventRows): object {
  const { count, step, strings, rows } = taken;
  return { kind: 'events', n, count, step, strings, rows };
}

export function parseEvents(body: Body): EventRows & Numbered {
  return {
    n: count(body, 'n'),
    count: count(body, 'count', EVENTS_PER_FRAME_MAX),
    step: count(body, 'step'),
    strings: shortTexts(body, 'strings'),
    rows: bytes(body, 'rows'),
  };
}

export function checkpointBody({ step, digest }: Checkpoint): object {
  return { kind: 'checkpoint', step, digest };
}

export function parseCheckpoint(body: Body): Checkpoint {
  return { step: count(body, 'step'), digest: digest(body) };
}

export function findingBody({ step, kind, title, id, detail }: TraceFinding): object {
  return { kind: 'finding', step, finding: kind, title, id, detail };
}

export function parseFinding(body: Body): TraceFinding {
  return {
    step: count(body, 'step'),
    kind: text(body, 'finding'),
    title: text(body, 'title'),
    id: text(body, 'id'),
    detail: json(body.detail),
  };
}

export function endBody(end: EndBody): object {
  const { steps, switches, verdict, digest, exitCode } = end;
  const { choices, events, checkpoints, findings } = end;
  const totals = { choices, events, checkpoints, findings };
  return { kind: 'end', steps, switches, verdict, digest, exitCode, ...totals };
}

export function parseEnd(body: Body): EndBody {
  return {
    steps: count(body, 'steps'),
    switches: count(body, 'switches'),
    verdict: text(body, 'verdict'),
    digest: digest(body),
    exitCode: integer(body, 'exitCode'),
    choices: count(body, 'choices'),
    events: count(body, 'events'),
    checkpoints: count(body, 'checkpoints'),
    findings: count(body, 'findings'),
  };
}

function integer(body: Body, key: string): number {
  const value = body[key];
  if (!Number.isSafeInteger(value)) throw new Malformed(`${key} is not an integer`);
  return value as number;
}

function count(body: Body, key: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = integer(body, key);
  if (value < 0 || value > max) throw new Malformed(`${key} is out of range`);
  return value;
}

function text(body: Body, key: string): string {
  const value = body[key];
  if (typeof value !== 'string') throw new Malformed(`${key} is not text`);
  return value;
}

function texts(body: Body, key: string): string[] {
  const value = body[key];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new Malformed(`${key} is not a list of texts`);
  }
  return value;
}

/** As a writer cuts them: a row names a text in two bytes, so a long one could be told endlessly. */
function shortTexts(body: Body, key: string): string[] {
  const all = texts(body, key);
  if (all.some((each) => each.length > TEXT_LENGTH_MAX)) throw new Malformed('a text is too long');
  return all;
}

function bytes(body: Body, key: string): Uint8Array {
  const value = body[key];
  if (!(value instanceof Uint8Array)) throw new Malformed(`${key} is not bytes`);
  return value;
}

function digest(body: Body): string | number {
  const value = body.digest;
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new Malformed('digest is neither text nor a number');
  }
  return value;
}

function config(value: unknown): Record<string, number | string | boolean> {
  if (!isPlain(value)) throw new Malformed('config is not a map');
  for (const item of Object.values(value)) {
    if (typeof item !== 'number' && typeof item !== 'string' && typeof item !== 'boolean') {
      throw new Malformed('config holds something else than numbers, texts and booleans');
    }
  }
  return value as Record<string, number | string | boolean>;
}

/** msgpack can hold more than JSON (bytes, dates, shared references): what does is refused. */
function json(value: unknown, depth = 0): Json {
  if (depth > 64) throw new Malformed('detail is nested too deeply');
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'string') return value;
  const inner = Array.isArray(value) ? value : isPlain(value) ? Object.values(value) : undefined;
  if (inner === undefined) throw new Malformed('detail is not JSON');
  for (const item of inner) json(item, depth + 1);
  return value as Json;
}

function isPlain(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
