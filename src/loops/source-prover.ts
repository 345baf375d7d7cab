import type { GuestFrame } from '../../scheduler/search/guest-stack.ts';
import type { LoopProver } from '../../scheduler/search/loop-prover.ts';
import {
  type Ast,
  child,
  children,
  contains,
  isFunction,
  isLoop,
  operationOf,
  pathTo,
} from './ast.ts';
import { type Calls, keepsNothing } from './carried.ts';
import { cannotComeBackUnseen, type Standing } from './passing.ts';
import { scripts } from './scripts.ts';
import { mayRun, type Unseen, unseenIn } from './unseen.ts';

/**
 * Proves from the text of a guest's code that a loop comes back in the state that it was in.
 *
 * A round is proven if all its operations are in one loop that keeps nothing from round to round
 * (carried.ts), the first of them is the first that the loop performs, and the thread cannot have left
 * the loop and come back meanwhile (passing.ts), nor gone round a smaller loop within.
 *
 * Taken for granted: that `op ?? (yield)` is an operation, as the machine demands; that reading a
 * property and converting a value change nothing, unless a script of the stack declares a getter of that
 * name, or a `valueOf` of its own. A counter in another script's getter, or behind a Proxy, is not seen.
 */
class SourceProver implements LoopProver {
  private readonly unseen = new Map<Ast, Unseen>();

  returnsTheSame(round: readonly (readonly GuestFrame[])[]): boolean {
    const stacks: Standing[][] = [];
    for (const frames of round) {
      const stack = this.standings(frames);
      if (stack === undefined) return false;
      stacks.push(stack);
    }
    const [first] = stacks;
    return first !== undefined && isProven(first, stacks);
  }

  /** Where each function of a stack stands, the thread's own first; undefined if nobody can tell. */
  private standings(frames: readonly GuestFrame[]): Standing[] | undefined {
    const stack: Standing[] = [];
    for (const { hash, position } of frames.toReversed()) {
      if (hash === '' && delegates(stack.at(-1))) continue;
      const program = scripts.programOf(hash);
      if (program === undefined) return undefined;
      const unseen = this.unseen.get(program) ?? unseenIn(program);
      this.unseen.set(program, unseen);
      const path = pathTo(program, position);
      const at = path.findLastIndex(isFunction);
      const call = callAt(path.slice(at + 1), position);
      if (at < 0 || call === undefined || mayRun(path[at] as Ast, unseen)) return undefined;
      stack.push({ fn: path[at] as Ast, path: path.slice(at), call });
    }
    return stack.length === 0 ? undefined : stack;
  }
}

/** One for all searches of a thread: what it knows of a script, it knows for all. */
export const sourceProver: LoopProver = new SourceProver();

/** The call that is under way at a position: V8 gives that of the callee, or of a `yield*`. */
function callAt(path: readonly Ast[], position: number): Ast | undefined {
  for (const node of path.toReversed()) {
    if (node.type === 'CallExpression') {
      const callee = child(node, 'callee') as Ast;
      if (callee.start <= position && position < callee.end) return node;
      if (position === node.start) return node;
    }
    if (node.type === 'YieldExpression' && node.delegate === true) {
      const argument = child(node, 'argument') as Ast;
      if (argument.type === 'CallExpression') return argument;
    }
  }
  return undefined;
}

/** Whether it stands at a `yield*`, which resumes what it delegates to by the host's own `next`. */
function delegates(standing: Standing | undefined): boolean {
  if (standing === undefined) return false;
  const { path, call } = standing;
  const isDelegating = (node: Ast): boolean =>
    node.type === 'YieldExpression' && node.delegate === true && child(node, 'argument') === call;
  return path.some(isDelegating);
}

function isProven(first: readonly Standing[], stacks: readonly (readonly Standing[])[]): boolean {
  const calls = callsOf(stacks);
  for (let depth = depthInCommon(stacks); depth >= 0; depth--) {
    const { fn, path } = first[depth] as Standing;
    for (const loop of path.filter(isLoop).toReversed()) {
      const isAround = stacks.every((stack) => contains(loop, (stack[depth] as Standing).call));
      if (!isAround || !keepsNothing(loop, fn, calls)) continue;
      if (!isFirst(loop, first, depth) || !wentRound(loop, first, depth, stacks, calls)) continue;
      if (cannotComeBackUnseen(first.slice(0, depth + 1), loop)) return true;
    }
  }
  return false;
}

/** The deepest level up to which all stacks have the same functions, called at the same places. */
function depthInCommon(stacks: readonly (readonly Standing[])[]): number {
  const [first = []] = stacks;
  let depth = 0;
  const isSame = (at: number): boolean =>
    stacks.every((s) => s[at]?.call === first[at]?.call && s[at + 1]?.fn === first[at + 1]?.fn);
  while (depth + 1 < first.length && isSame(depth)) depth++;
  return stacks.every((stack) => stack[0]?.fn === first[0]?.fn) ? depth : -1;
}

/** What each call of the stacks called: nothing of the guest's where it is an operation. */
function callsOf(stacks: readonly (readonly Standing[])[]): Calls {
  const known = new Map<Ast, Set<Ast>>();
  for (const stack of stacks) {
    for (const [i, { call }] of stack.entries()) {
      const called = known.get(call) ?? new Set<Ast>();
      known.set(call, called);
      const next = stack[i + 1];
      if (next !== undefined) called.add(next.fn);
    }
  }
  return { known };
}

/** Whether no operation comes before this one in a round of the loop. */
function isFirst(loop: Ast, stack: readonly Standing[], depth: number): boolean {
  const { call } = stack[depth] as Standing;
  const isLast = loop.type === 'DoWhileStatement';
  const parts = (isLast ? ['body', 'test'] : ['test', 'body', 'update']).map((p) => child(loop, p));
  if (firstCall(parts) !== call) return false;
  return stack.slice(depth + 1).every(({ fn, call: at }) => firstCall([fn]) === at);
}

/** The first call in the order of the text that may perform an operation. */
function firstCall(parts: readonly (Ast | undefined)[]): Ast | undefined {
  for (const part of parts) {
    const found = part === undefined ? undefined : firstIn(part, true);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstIn(node: Ast, isRoot: boolean): Ast | undefined {
  if (isFunction(node) && !isRoot) return undefined;
  const operation = operationOf(node);
  // Arguments are there before the call.
  for (const below of children(operation ?? node)) {
    const found = firstIn(below, false);
    if (found !== undefined) return found;
  }
  if (operation !== undefined) return operation;
  return node.type === 'CallExpression' ? node : undefined;
}

/** Whether the way from the first operation back to it leads through the head of the loop. */
function wentRound(
  loop: Ast,
  first: readonly Standing[],
  depth: number,
  stacks: readonly (readonly Standing[])[],
  calls: Calls,
): boolean {
  for (let i = depth; i < first.length; i++) {
    const { fn, path } = first[i] as Standing;
    const from = i === depth ? path.indexOf(loop) + 1 : 0;
    for (const inner of path.slice(from).filter(isLoop)) {
      if (keepsNothing(inner, fn, calls)) continue;
      const isLeft = stacks.some((stack) => {
        const same = stack.slice(0, i).every((s, k) => s.call === first[k]?.call);
        const at = stack[i];
        return !same || at === undefined || at.fn !== fn || !contains(inner, at.call);
      });
      if (!isLeft) return false;
    }
  }
  return true;
}
