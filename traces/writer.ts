import {
  checkpointBody,
  choicesBody,
  endBody,
  eventsBody,
  findingBody,
  headerBody,
} from './bodies.ts';
import { CHOICES_PER_FRAME_MAX, encodeChoices } from './choice-code.ts';
import { KIND, RowWriter } from './event-code.ts';
import { crcOf, packFrame } from './frames.ts';
import type { TraceEnd, TraceFinding, TraceHeader } from './trace.ts';

/** Takes whole frames in order. The bytes are never touched again: it may keep them. */
export type Sink = (bytes: Uint8Array) => void;

export interface TraceWriterOptions {
  /** Switches in a frame, 4096 unless told; 256 to 4096. */
  readonly choicesPerFrame?: number;
  /** Bytes of rows and strings after which events become a frame, 32768 unless told. */
  readonly eventBytesPerFrame?: number;
}

/** Below this a choices frame would be mostly frame. A checkpoint leaves fewer switches waiting. */
const CHOICES_PER_FRAME_MIN = 256;

/** Buffers start small, so that a writer for a short execution costs little. */
const CAPACITY_FIRST = 256;

/**
 * Records one execution. Its memory does not grow with the execution: choices and events wait until
 * they fill a frame, then go to the sink. What waits is lost if the recorder is killed; `flush` narrows
 * that, at the price of smaller frames.
 *
 * Steps count the operations performed so far, in total, and are safe integers of 0 or more. Every
 * method but `choice` may be called with any step; in a real trace they do not decrease.
 */
export class TraceWriter {
  /** What the header says: events of a higher detail are ignored. */
  readonly detail: number;
  readonly #sink: Sink;
  readonly #choicesPerFrame: number;
  readonly #eventBytesPerFrame: number;

  #steps = new Float64Array(CAPACITY_FIRST);
  #lanes = new Uint32Array(CAPACITY_FIRST);
  #waiting = 0;
  #lastStep = 0;
  /** The last switch of the frames written so far, and how many there are. */
  #frameStep = 0;
  #frameLane = 0;
  #choicesWritten = 0;

  readonly #rows = new RowWriter(CAPACITY_FIRST);
  #eventsWritten = 0;
  #checkpoints = 0;
  #findings = 0;

  /** As in a frame's `Link`. */
  readonly #of: number;
  #seq = 0;
  #after: number;

  /** Writes the header. Throws a RangeError on options out of range. */
  constructor(sink: Sink, header: TraceHeader, options: TraceWriterOptions = {}) {
    const { choicesPerFrame = 4096, eventBytesPerFrame = 32_768 } = options;
    if (
      !Number.isInteger(choicesPerFrame) ||
      choicesPerFrame < CHOICES_PER_FRAME_MIN ||
      choicesPerFrame > CHOICES_PER_FRAME_MAX
    ) {
      throw new RangeError(
        `choicesPerFrame is ${choicesPerFrame}: 256 to ${CHOICES_PER_FRAME_MAX} is possible`,
      );
    }
    this.detail = header.detail;
    this.#sink = sink;
    this.#choicesPerFrame = choicesPerFrame;
    this.#eventBytesPerFrame = eventBytesPerFrame;
    const frame = packFrame(headerBody(header));
    this.#of = crcOf(frame);
    this.#after = this.#of;
    sink(frame);
  }

  /** Switches recorded so far. */
  get choices(): number {
    return this.#choicesWritten + this.#waiting;
  }

  /**
   * After `step` operations in total, control passes to `lane`. Throws a RangeError if steps decrease
   * or `lane` is not an unsigned 32-bit number below 2^32 - 1.
   */
  choice(step: number, lane: number): void {
    if (!(step >= this.#lastStep) || lane >>> 0 !== lane || lane === 0xffffffff) {
      throw new RangeError(`a switch to lane ${lane} at step ${step}, after ${this.#lastStep}`);
    }
    if (this.#waiting === this.#steps.length) this.#growChoices();
    this.#lastStep = step;
    this.#steps[this.#waiting] = step;
    this.#lanes[this.#waiting++] = lane;
    if (this.#waiting === this.#choicesPerFrame) this.#flushChoices();
  }

  /** `swtch`: `cpu` goes from thread `from` to `to`; 0 is the CPU's scheduler loop, else a pid. */
  switched(step: number, cpu: number, from: number, to: number, reason: string): void {
    if (this.detail < 1) return;
    const rows = this.#rows;
    rows.begin(KIND.switch, step, cpu);
    rows.number(from);
    rows.number(to);
    rows.text(reason);
    this.#eventDone();
  }

  /** A system call begins. A number that is no safe integer is recorded as its text. */
  enter(
    step: number,
    cpu: number,
    pid: number,
    call: string,
    args: readonly (number | string)[],
  ): void {
    if (this.detail < 1) return;
    const rows = this.#rows;
    rows.begin(KIND.enter, step, cpu);
    rows.number(pid);
    rows.text(call);
    rows.values(args);
    this.#eventDone();
  }

  /** A system call ends; `out` is what it stored for the program, readably. */
  exit(step: number, cpu: number, pid: number, call: string, result: number, out?: string): void {
    if (this.detail < 1) return;
    const rows = this.#rows;
    rows.begin(KIND.exit, step, cpu);
    rows.number(pid);
    rows.text(call);
    rows.number(result);
    rows.optionalText(out);
    this.#eventDone();
  }

  fault(step: number, cpu: number, pid: number, scause: number, stval: string): void {
    if (this.detail < 1) return;
    const rows = this.#rows;
    rows.begin(KIND.fault, step, cpu);
    rows.number(pid);
    rows.number(scause);
    rows.text(stval);
    this.#eventDone();
  }

  /** A page fault was handled; `now` says what the page is since. */
  page(step: number, cpu: number, pid: number, scause: number, stval: string, now: string): void {
    if (this.detail < 1) return;
    const rows = this.#rows;
    rows.begin(KIND.page, step, cpu);
    rows.number(pid);
    rows.number(scause);
    rows.text(stval);
    rows.text(now);
    this.#eventDone();
  }

  /** `cpu` takes its timer interrupt. */
  irq(step: number, cpu: number): void {
    if (this.detail < 1) return;
    this.#rows.begin(KIND.irq, step, cpu);
    this.#eventDone();
  }

  /** Console output. Text above 65,535 UTF-16 units is cut and ends with an ellipsis. */
  print(step: number, cpu: number, pid: number, text: string): void {
    if (this.detail < 1) return;
    this.#named(KIND.print, step, cpu, pid, text);
  }

  lock(step: number, cpu: number, pid: number, name: string): void {
    if (this.detail < 2) return;
    this.#named(KIND.lock, step, cpu, pid, name);
  }

  unlock(step: number, cpu: number, pid: number, name: string): void {
    if (this.detail < 2) return;
    this.#named(KIND.unlock, step, cpu, pid, name);
  }

  sleep(step: number, cpu: number, pid: number, channel: string): void {
    if (this.detail < 2) return;
    this.#named(KIND.sleep, step, cpu, pid, channel);
  }

  wakeup(step: number, cpu: number, pid: number, channel: string): void {
    if (this.detail < 2) return;
    this.#named(KIND.wakeup, step, cpu, pid, channel);
  }

  life(step: number, cpu: number, pid: number, object: string, state: string, count: number): void {
    if (this.detail < 1) return;
    const rows = this.#rows;
    rows.begin(KIND.life, step, cpu);
    rows.number(pid);
    rows.text(object);
    rows.text(state);
    rows.number(count);
    this.#eventDone();
  }

  /** The digest of the machine after `step` operations. */
  checkpoint(step: number, digest: string | number): void {
    if (this.#waiting >= CHOICES_PER_FRAME_MIN) this.#flushChoices();
    this.#checkpoints++;
    this.#put(checkpointBody({ step, digest }));
  }

  /** A bug was found. Everything that led to it goes to the sink first. */
  finding(finding: TraceFinding): void {
    this.flush();
    this.#findings++;
    this.#put(findingBody(finding));
  }

  /** The execution is over. Flushes everything; the writer must not be used afterwards. */
  end(end: TraceEnd): void {
    this.flush();
    const { steps, switches, verdict, digest, exitCode } = end;
    const choices = this.#choicesWritten;
    const events = this.#eventsWritten;
    const totals = { choices, events, checkpoints: this.#checkpoints, findings: this.#findings };
    this.#put(endBody({ steps, switches, verdict, digest, exitCode, ...totals }));
  }

  #put(body: object): void {
    const frame = packFrame({ ...body, of: this.#of, seq: ++this.#seq, after: this.#after });
    this.#after = crcOf(frame);
    this.#sink(frame);
  }

  /** Gives the sink whatever waits. */
  flush(): void {
    this.#flushChoices();
    this.#flushEvents();
  }

  #named(kind: number, step: number, cpu: number, pid: number, name: string): void {
    const rows = this.#rows;
    rows.begin(kind, step, cpu);
    rows.number(pid);
    rows.text(name);
    this.#eventDone();
  }

  #eventDone(): void {
    if (this.#rows.size >= this.#eventBytesPerFrame) this.#flushEvents();
  }

  #flushEvents(): void {
    const count = this.#rows.count;
    if (count === 0) return;
    this.#put(eventsBody(this.#eventsWritten, this.#rows.take()));
    this.#eventsWritten += count;
  }

  #flushChoices(): void {
    const count = this.#waiting;
    if (count === 0) return;
    const run = encodeChoices(this.#steps, this.#lanes, count, this.#frameStep, this.#frameLane);
    this.#put(choicesBody(this.#choicesWritten, run));
    this.#frameStep = this.#lastStep;
    this.#frameLane = this.#lanes[count - 1]!;
    this.#choicesWritten += count;
    this.#waiting = 0;
  }

  #growChoices(): void {
    const capacity = Math.min(this.#steps.length * 4, this.#choicesPerFrame);
    const steps = new Float64Array(capacity);
    const lanes = new Uint32Array(capacity);
    steps.set(this.#steps);
    lanes.set(this.#lanes);
    this.#steps = steps;
    this.#lanes = lanes;
  }
}
