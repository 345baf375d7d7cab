import type { Cpu } from './cpu.ts';
import type { Layout } from './layout.ts';
import { COND_WAKE, ENDED, NONE } from './operation.ts';
import { namesWord, OPERATION_NAMES } from './traits.ts';

/**
 * Code that runs on the machine: a generator that yields exactly when an operation answered
 * undefined (`const v = m.load(a) ?? (yield);`) and is resumed with that operation's answer.
 */
export type Code<Result = unknown> = Generator<void, Result, number>;

/** As much of a generator as the machine needs. */
export interface Resumable {
  next(answer: number): IteratorResult<void, unknown>;
}

/** What happens to the interrupted code when a handler returns. */
export const ANSWER = 0;
export const RETRY = 1;

/** One activation on a thread's stack: code, and the operation it was interrupted at. */
interface Frame {
  code: Resumable;
  /** ANSWER: the handler's result answers the operation. RETRY: the operation is announced again. */
  mode: number;
  kind: number;
  a: number;
  b: number;
  c: number;
}

/**
 * One line of execution that the scheduler can choose.
 *
 * A thread is always in one of three states: running (kind is NONE and it is the machine's
 * current thread), parked before an announced operation, or off its CPU.
 */
export class Thread {
  readonly id: number;
  name: string;
  /** The CPU it is on; null while switched out. */
  cpu: Cpu | null = null;

  /** The announced operation and its operands; see operation.ts. */
  kind: number = NONE;
  a = 0;
  b = 0;
  c = 0;

  /** Whether it waits for a CPU to take it: see Driver.changeRunLine. Kept by the guest. */
  isReady = false;

  /** Order in which the thread began to wait at a condition variable; 0 when it does not wait. */
  ticket = 0;

  private readonly stack: Frame[] = [];

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }

  /** The code to resume. */
  get code(): Resumable | undefined {
    return this.stack[this.stack.length - 1]?.code;
  }

  /** Activations on the stack; 1 when no handler runs. */
  get depth(): number {
    return this.stack.length;
  }

  /** Forgets everything and starts over with this code, not yet running. */
  begin(code: Resumable | null): void {
    // Not `length = 0`, which is a call of the runtime and gives the memory back.
    while (this.stack.length > 0) this.stack.pop();
    this.cpu = null;
    this.kind = NONE;
    this.ticket = 0;
    this.isReady = false;
    if (code !== null) this.stack.push({ code, mode: ANSWER, kind: NONE, a: 0, b: 0, c: 0 });
  }

  get ended(): boolean {
    return this.kind === ENDED;
  }

  /** Replaces the outermost code, as exec replaces a program under the system call it is in. */
  replaceOutermost(code: Resumable): void {
    const outermost = this.stack[0];
    if (outermost !== undefined) outermost.code = code;
  }

  /** Interrupts the thread at its announced operation: the handler runs next. */
  interrupt(handler: Resumable, mode: number): void {
    this.stack.push({ code: handler, mode, kind: this.kind, a: this.a, b: this.b, c: this.c });
    this.kind = NONE;
  }

  /** Ends the innermost activation. Answers its mode; RETRY has announced the operation again. */
  finish(): number {
    const frame = this.stack.pop() as Frame;
    if (this.stack.length === 0) {
      this.kind = ENDED;
    } else if (frame.mode === RETRY) {
      this.kind = frame.kind;
      this.a = frame.a;
      this.b = frame.b;
      this.c = frame.c;
    }
    return frame.mode;
  }

  /** The announced operation in words. */
  describe(): string {
    return OPERATION_NAMES[this.kind] ?? `operation ${this.kind}`;
  }

  /** The same with the name of its word, if it has one: for example `lock(m)`. */
  describeIn(layout: Layout): string {
    const { kind, ticket, a, b } = this;
    if (!namesWord(kind)) return this.describe();
    // Somebody who waits at a condition variable waits for its signal first, for the mutex then.
    const at = kind === COND_WAKE && ticket === 0 ? b : a;
    return `${this.describe()}(${layout.nameOf(at) ?? ''})`;
  }
}
