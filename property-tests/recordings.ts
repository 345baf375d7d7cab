import fc from 'fast-check';
import { TraceMemory } from '../traces/memory.ts';
import type { Trace } from '../traces/reader.ts';
import type {
  Checkpoint,
  Choice,
  Json,
  TraceEnd,
  TraceEvent,
  TraceFinding,
  TraceHeader,
} from '../traces/trace.ts';
import { TraceWriter } from '../traces/writer.ts';

/** What a generated execution tells the writer, in order. */
export interface Recording {
  readonly header: TraceHeader;
  readonly acts: readonly Act[];
  readonly end: TraceEnd;
}

type Act =
  | { readonly act: 'choices'; readonly choices: readonly Choice[] }
  | { readonly act: 'event'; readonly event: TraceEvent }
  | { readonly act: 'checkpoint'; readonly checkpoint: Checkpoint }
  | { readonly act: 'finding'; readonly finding: TraceFinding }
  | { readonly act: 'flush' };

/** Everything a trace holds, to compare. */
export interface Contents {
  readonly choices: readonly Choice[];
  readonly events: readonly TraceEvent[];
  readonly checkpoints: readonly Checkpoint[];
  readonly findings: readonly TraceFinding[];
}

// Lone surrogates cannot be UTF-8, so a trace does not keep them.
const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const integer = fc.oneof(fc.integer({ min: -70, max: 9000 }), fc.maxSafeInteger());
const pid = fc.integer({ min: 0, max: 70 });
const where = {
  step: fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat()),
  cpu: fc.integer({ min: 0, max: 63 }),
};
const who = { ...where, pid };

const event: fc.Arbitrary<TraceEvent> = fc.oneof(
  fc.record({ kind: fc.constant('switch'), ...where, from: pid, to: pid, reason: text }),
  fc.record({
    kind: fc.constant('enter'),
    ...who,
    call: text,
    args: fc.array(fc.oneof(integer, text), { maxLength: 6 }),
  }),
  fc.record({ kind: fc.constant('exit'), ...who, call: text, result: integer }),
  fc.record({ kind: fc.constant('exit'), ...who, call: text, result: integer, out: text }),
  fc.record({ kind: fc.constant('fault'), ...who, scause: fc.nat(), stval: text }),
  fc.record({ kind: fc.constant('irq'), ...where }),
  fc.record({ kind: fc.constant('print'), ...who, text }),
  fc.record({ kind: fc.constantFrom('lock', 'unlock'), ...who, name: text }),
  fc.record({ kind: fc.constantFrom('sleep', 'wakeup'), ...who, channel: text }),
  fc.record({ kind: fc.constant('page'), ...who, scause: fc.nat(), stval: text, now: text }),
  fc.record({ kind: fc.constant('life'), ...who, object: text, state: text, count: fc.nat() }),
) as fc.Arbitrary<TraceEvent>;

/** Gaps (not steps yet) as schedulers make them: short ones, even ones, long ones. */
const gaps: fc.Arbitrary<Choice[]> = fc.oneof(
  fc.array(fc.record({ step: fc.integer({ min: 0, max: 20 }), lane: fc.nat({ max: 7 }) })),
  fc.array(fc.record({ step: fc.constantFrom(1, 5), lane: fc.nat({ max: 1 }) }), {
    size: '+1',
  }),
  fc.array(fc.record({ step: fc.nat({ max: 2 ** 40 }), lane: fc.nat({ max: 127 }) })),
  fc
    .record({ step: fc.integer({ min: 1, max: 70 }), lane: fc.nat({ max: 15 }) })
    .map((gap) => Array.from({ length: 600 }, (_, i) => ({ ...gap, lane: i % (gap.lane + 1) }))),
);

const digest = fc.oneof(fc.stringMatching(/^[0-9a-f]{0,16}$/), fc.nat());
const step = fc.maxSafeNat();
const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: true }).map(withoutOddities);

/** The few JSON values that msgpack alters: -0 and the key `__proto__`. */
function withoutOddities(value: unknown): Json {
  return JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')) as Json;
}

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: gaps.map((choices) => ({ act: 'choices' as const, choices })) },
  { weight: 12, arbitrary: event.map((e) => ({ act: 'event' as const, event: e })) },
  fc.record({
    act: fc.constant('checkpoint' as const),
    checkpoint: fc.record({ step, digest }),
  }),
  fc.record({
    act: fc.constant('finding' as const),
    finding: fc.record({ step, kind: text, title: text, id: text, detail: json }),
  }),
  { weight: 3, arbitrary: fc.constant({ act: 'flush' as const }) },
);

const header: fc.Arbitrary<TraceHeader> = fc.record({
  guest: fc.constantFrom('kernel', 'bare'),
  program: text,
  args: fc.array(text, { maxLength: 3 }),
  seed: fc.maxSafeInteger(),
  strategy: text,
  prng: fc.constant('tychei'),
  cpus: fc.integer({ min: 1, max: 64 }),
  mutants: fc.array(text, { maxLength: 2 }),
  config: fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    fc.oneof(integer, text, fc.boolean()),
    { maxKeys: 3, noNullPrototype: true },
  ),
  fingerprint: text,
  detail: fc.constant(2),
});

const end: fc.Arbitrary<TraceEnd> = fc.record({
  steps: step,
  switches: step,
  verdict: text,
  digest,
  exitCode: fc.nat({ max: 255 }),
});

/** Recordings whose choices have ascending steps, as the writer asks for. */
export const recording: fc.Arbitrary<Recording> = fc
  .record({ header, acts: fc.array(act, { maxLength: 40 }), end })
  .map(({ header, acts, end }) => {
    let at = 0;
    const timed = acts.map((a): Act => {
      if (a.act !== 'choices') return a;
      const choices = a.choices.map(({ step: gap, lane }) => {
        at += gap;
        return { step: at, lane };
      });
      return { act: 'choices', choices };
    });
    return { header, acts: timed, end };
  });

/** The frames that a writer makes of a recording, one by one. */
export function write(recorded: Recording): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const options = { choicesPerFrame: 256, eventBytesPerFrame: 300 };
  const writer = new TraceWriter((bytes) => frames.push(bytes), recorded.header, options);
  for (const a of recorded.acts) {
    if (a.act === 'choices') for (const { step, lane } of a.choices) writer.choice(step, lane);
    else if (a.act === 'event') tell(writer, a.event);
    else if (a.act === 'checkpoint') writer.checkpoint(a.checkpoint.step, a.checkpoint.digest);
    else if (a.act === 'finding') writer.finding(a.finding);
    else writer.flush();
  }
  writer.end(recorded.end);
  return frames;
}

/** Frames as one file. */
export function join(frames: readonly Uint8Array[]): Uint8Array {
  const memory = new TraceMemory();
  for (const frame of frames) memory.sink(frame);
  return memory.bytes();
}

/** What a whole trace of the recording must hold. */
export function told({ acts }: Recording): Contents {
  return {
    choices: acts.flatMap((a) => (a.act === 'choices' ? a.choices : [])),
    events: acts.flatMap((a) => (a.act === 'event' ? [a.event] : [])),
    checkpoints: acts.flatMap((a) => (a.act === 'checkpoint' ? [a.checkpoint] : [])),
    findings: acts.flatMap((a) => (a.act === 'finding' ? [a.finding] : [])),
  };
}

/** What a trace holds, before and behind its holes. */
export function contents(trace: Trace): Contents {
  return {
    choices: [...trace.choices.readable()].map(({ step, lane }) => ({ step, lane })),
    events: [...trace.events],
    checkpoints: trace.checkpoints,
    findings: trace.findings,
  };
}

function tell(writer: TraceWriter, e: TraceEvent): void {
  const { step, cpu } = e;
  if (e.kind === 'switch') writer.switched(step, cpu, e.from, e.to, e.reason);
  else if (e.kind === 'enter') writer.enter(step, cpu, e.pid, e.call, e.args);
  else if (e.kind === 'exit') writer.exit(step, cpu, e.pid, e.call, e.result, e.out);
  else if (e.kind === 'fault') writer.fault(step, cpu, e.pid, e.scause, e.stval);
  else if (e.kind === 'page') writer.page(step, cpu, e.pid, e.scause, e.stval, e.now);
  else if (e.kind === 'irq') writer.irq(step, cpu);
  else if (e.kind === 'print') writer.print(step, cpu, e.pid, e.text);
  else if (e.kind === 'life') writer.life(step, cpu, e.pid, e.object, e.state, e.count);
  else if ('name' in e) writer[e.kind](step, cpu, e.pid, e.name);
  else writer[e.kind](step, cpu, e.pid, e.channel);
}
