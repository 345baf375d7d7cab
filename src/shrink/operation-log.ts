import {
  type ChoicePoint,
  laneKind,
  laneText,
  type Observer,
  OPERATION_NAMES,
  objectOf,
  type Thread,
  type TouchCode,
} from '../../machine/index.ts';
import { type Segment, Segments } from '../../scheduler/strategies/segments.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { guestStack, placeText, shownPlace } from '../explain/source.ts';
import { wordName } from '../explain/value.ts';
import type { Stage } from '../stage/stage.ts';

/** An operation that matters, for people. */
export interface ShownOperation {
  readonly step: number;
  /** For example `pid 3 on CPU 1`; a thread without a kernel by its name. */
  readonly who: string;
  readonly lane: number;
  /** For example `store shm[0].refs`. */
  readonly what: string;
  /** `kernel/shm.ts:88`; empty where it is not known. */
  readonly at: string;
}

/** Frames of the host's stack that reach through the guest's; generators take two each. */
const STACK_DEPTH = 60;
/** Steps before the first that is kept from which on stacks are: a thread may announce early. */
const STACK_STEPS = 200_000;

/** Follows segments, and keeps the operations of some steps, with their places in the source. */
export class OperationLog implements Strategy {
  readonly name = 'schedule';
  readonly asksAlways = true;
  readonly operations: ShownOperation[] = [];
  private readonly stage: Stage;
  private readonly codes: TouchCode[] = [];
  private readonly segments: Segments;
  private readonly from: number;
  private readonly to: number;
  /** By thread and depth of its stack: where it asked for what it has announced. */
  private readonly asked = new Map<number, Error>();

  /**
   * @param from first step that is kept
   * @param to the step behind the last
   */
  constructor(stage: Stage, list: readonly Segment[], from: number, to: number) {
    this.stage = stage;
    this.segments = new Segments(list);
    this.from = from;
    this.to = to;
  }

  begin(seed: number, lanes: number): void {
    this.segments.begin(seed, lanes);
    const { machine } = this.stage;
    if (machine.observer !== null) machine.observer = this.seeing(machine.observer);
  }

  /** The observer that is attached, and this. */
  private seeing(inner: Observer): Observer {
    return {
      entering: (kind, a, b, c) => {
        this.ask();
        inner.entering?.(kind, a, b, c);
      },
      locking: (lock) => inner.locking?.(lock),
      performed: (kind, a, b, c, answer) => inner.performed(kind, a, b, c, answer),
      accessed: (kind, address, va, value, answer) =>
        inner.accessed(kind, address, va, value, answer),
      drained: (cpu, address, value) => inner.drained?.(cpu, address, value),
      switching: (from, to) => inner.switching(from, to),
    };
  }

  private ask(): void {
    const { current, step } = this.stage.machine;
    if (step < this.from - STACK_STEPS || step >= this.to) return;
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = STACK_DEPTH;
    this.asked.set(place(current), new Error());
    Error.stackTraceLimit = stackTraceLimit;
  }

  choose(point: ChoicePoint): Thread {
    const { step } = point;
    const thread = this.segments.choose(point);
    if (step < this.from - 1) {
      point.lease = Math.min(point.lease, this.from - 1 - step);
      return thread;
    }
    if (step >= this.to) return thread;
    point.lease = 1;
    if (step >= this.from) this.operations.push(this.shown(point, thread));
    return thread;
  }

  private shown(point: ChoicePoint, thread: Thread): ShownOperation {
    const { cpus, step } = point;
    const lane = point.laneOf(thread);
    const isBare = this.stage.kernel === undefined;
    const who = isBare ? thread.name : `${thread.name} on CPU ${lane}`;
    const from = shownPlace(guestStack(this.asked.get(place(thread))));
    return {
      step,
      lane,
      who: laneKind(lane, cpus.length) === 'cpu' ? who : `the ${laneText(lane, cpus.length)}`,
      what: `${OPERATION_NAMES[thread.kind]} ${this.nameOf(point, thread)}`.trim(),
      at: from === undefined ? '' : placeText(from),
    };
  }

  private nameOf(point: ChoicePoint, thread: Thread): string {
    if (point.footprint(thread, this.codes) === 0) return '';
    const object = objectOf(this.codes[0] as TouchCode);
    const { kernel, machine } = this.stage;
    return kernel === undefined
      ? (machine.layout.nameOf(object) ?? '')
      : wordName(kernel, 'load', object);
  }
}

const place = (thread: Thread): number => thread.id * 64 + thread.depth;
