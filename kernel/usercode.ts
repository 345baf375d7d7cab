/**
 * Runs user programs: generator functions that see the machine through a Context.
 *
 * A generator cannot be copied, so fork copies its history instead: every answer a program gets is
 * kept, and the child is the same program run anew on those answers up to the fork. Costs four
 * bytes an answer until exec or exit; a plain store has none that could differ.
 */
import {
  ECALL,
  type Machine,
  ProgramError,
  type Resumable,
  USER_COMPARE_EXCHANGE,
  USER_EXCHANGE,
  USER_FETCH_ADD,
  USER_LOAD,
  USER_LOAD_BYTE,
  USER_STORE,
  USER_STORE_BYTE,
} from '../machine/index.ts';
import { type Context, type Program, SYS_exit, SYS_fork } from './abi.ts';
import { TF_A0, TF_A7 } from './memlayout.ts';
import type { Proc } from './proc.ts';

export class UserContext implements Context {
  private readonly m: Machine;
  private readonly p: Proc;
  /** invariant: `answers[0, length)` are all answers so far; those before `cursor` were consumed. */
  private answers: Int32Array;
  private length: number;
  private cursor = 0;
  /** Whether the answer that is due is kept: a plain store's is always 0 and is not. */
  private keeps = true;
  /** True while a child catches up with its parent: then no operation reaches the machine. */
  private catchingUp: boolean;

  constructor(m: Machine, p: Proc, parent?: UserContext) {
    this.m = m;
    this.p = p;
    this.answers = parent === undefined ? new Int32Array(16) : parent.answers.slice();
    this.length = parent?.length ?? 0;
    this.catchingUp = parent !== undefined;
  }

  /** Keeps an answer that reached the program by way of the machine. */
  answered(answer: number): void {
    this.catchingUp = false;
    if (!this.keeps) {
      this.keeps = true;
      return;
    }
    if (this.length === this.answers.length) {
      const more = new Int32Array(this.length * 2);
      more.set(this.answers);
      this.answers = more;
    }
    this.answers[this.length++] = answer;
    this.cursor = this.length;
  }

  private access(kind: number, va: number, b: number, c: number): number | undefined {
    if (this.catchingUp) return this.replay(false);
    const answer = this.m.user(kind, va, b, c);
    if (answer !== undefined) this.answered(answer);
    return answer;
  }

  private write(kind: number, va: number, value: number): number | undefined {
    if (this.catchingUp) return 0;
    this.keeps = false;
    const answer = this.m.user(kind, va, value, 0);
    if (answer !== undefined) this.keeps = true;
    return answer;
  }

  private replay(isFork: boolean): number | undefined {
    if (this.cursor < this.length) return this.answers[this.cursor++] as number;
    if (isFork) return undefined;
    throw new ProgramError(
      `program ${this.p.image?.name ?? '?'} did something else when fork ran it again: ` +
        'a program must depend only on its arguments and what the machine answers',
    );
  }

  load(va: number): number | undefined {
    return this.access(USER_LOAD, va, 0, 0);
  }

  store(va: number, value: number): number | undefined {
    return this.write(USER_STORE, va, value);
  }

  loadByte(va: number): number | undefined {
    return this.access(USER_LOAD_BYTE, va, 0, 0);
  }

  storeByte(va: number, value: number): number | undefined {
    return this.write(USER_STORE_BYTE, va, value & 0xff);
  }

  fetchAdd(va: number, addend: number): number | undefined {
    return this.access(USER_FETCH_ADD, va, addend, 0);
  }

  exchange(va: number, value: number): number | undefined {
    return this.access(USER_EXCHANGE, va, value, 0);
  }

  compareExchange(va: number, expected: number, desired: number): number | undefined {
    return this.access(USER_COMPARE_EXCHANGE, va, expected, desired);
  }

  ecall(call: number, a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0): number | undefined {
    if (this.catchingUp) return this.replay(call === SYS_fork);
    const { words, memory } = this.m;
    const registers = memory.frame(words[this.p.trapframe] as number);
    words[registers + TF_A7] = call;
    words[registers + TF_A0] = a0;
    words[registers + TF_A0 + 2] = a1;
    words[registers + TF_A0 + 4] = a2;
    words[registers + TF_A0 + 6] = a3;
    words[registers + TF_A0 + 8] = a4;
    words[registers + TF_A0 + 10] = a5;
    return this.m.do(ECALL, 0);
  }
}

function* start(
  u: Context,
  program: Program,
  argv: readonly string[],
): Generator<void, void, number> {
  const status = yield* program(u, argv);
  u.ecall(SYS_exit, typeof status === 'number' ? status : 0) ?? (yield);
}

/** A program in execution, as the machine resumes it. */
export class UserCode implements Resumable {
  private readonly context: UserContext;
  private readonly code: Resumable;
  private started = false;

  constructor(context: UserContext, program: Program, argv: readonly string[]) {
    this.context = context;
    this.code = start(context, program, argv);
  }

  next(answer: number): IteratorResult<void, unknown> {
    if (this.started) this.context.answered(answer);
    this.started = true;
    return this.code.next(answer);
  }

  /** Runs a child up to the fork that made it, where it waits for the answer. */
  catchUp(): void {
    this.started = true;
    this.code.next(0);
  }
}
