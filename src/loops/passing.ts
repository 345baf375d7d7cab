import { type Ast, child, children, isFunction, isLoop, list, operationOf, some } from './ast.ts';

/** Where one function of the guest's stack stands: the nodes around the place, outermost first. */
export interface Standing {
  readonly fn: Ast;
  /** From the function itself to the call; invariant: `path[0] === fn`. */
  readonly path: readonly Ast[];
  readonly call: Ast;
}

/**
 * Whether whoever leaves a loop and comes back to it performs an operation outside it on the way. Then
 * a thread that did not was in the loop all the time.
 *
 * @param stack from the thread's own function to the one that the loop is in
 * @param loop in the path of the last
 */
export function cannotComeBackUnseen(stack: readonly Standing[], loop: Ast): boolean {
  const loops = stack.map(({ path }, i) =>
    loopsAbove(path, i === stack.length - 1 ? loop : undefined),
  );
  if (loops.every((each) => each.length === 0)) return true;
  if (isSeenAfter(stack, loop)) return true;
  return loops.every((each, i) => each.every((above) => isSeenBefore(stack, i, above, loop)));
}

function loopsAbove(path: readonly Ast[], below: Ast | undefined): readonly Ast[] {
  const end = below === undefined ? path.length : path.indexOf(below);
  return path.slice(0, end).filter(isLoop);
}

/** Whether an operation comes before anything else can, once the loop is left. */
function isSeenAfter(stack: readonly Standing[], loop: Ast): boolean {
  // What is thrown out of the loop may be caught behind the operation that follows it.
  const isCaught = stack.some(({ path }) =>
    path.some((node) => child(node, 'handler') !== undefined),
  );
  if (isCaught || jumpsFar(loop)) return false;
  for (let i = stack.length - 1; i >= 0; i--) {
    const { path, call } = stack[i] as Standing;
    const isInnermost = i === stack.length - 1;
    const seen = followed(path, isInnermost ? loop : call);
    if (seen === false) return false;
    // Who returns from the midst of the loop passes nothing of what follows it in its function.
    const returns = isInnermost && some(loop, ({ type }) => type === 'ReturnStatement');
    if (seen === true && !returns) return true;
  }
  return true;
}

/** What follows a node in its function: true for an operation, false for a jump, else undefined. */
function followed(path: readonly Ast[], from: Ast): boolean | undefined {
  for (let i = path.indexOf(from) - 1; i >= 0; i--) {
    const above = path[i] as Ast;
    const below = path[i + 1] as Ast;
    if (isFunction(above)) return undefined;
    if (isLoop(above)) {
      const test = child(above, 'test');
      return test !== undefined && test !== below && operates(test);
    }
    for (const next of list(above, statementsOf(above))) {
      if (next.start < below.end) continue;
      if (operates(next)) return true;
      if (jumps(next)) return false;
    }
  }
  return undefined;
}

/** Whether an operation comes between the head of a loop around it and the loop. */
function isSeenBefore(stack: readonly Standing[], at: number, above: Ast, loop: Ast): boolean {
  for (let i = at; i < stack.length; i++) {
    const { path, call } = stack[i] as Standing;
    const to = i === stack.length - 1 ? loop : call;
    const first = i === at ? path.indexOf(above) : 0;
    for (let k = first; k < path.indexOf(to); k++) {
      const node = path[k] as Ast;
      const below = path[k + 1] as Ast;
      const test =
        isLoop(node) && node.type !== 'DoWhileStatement' ? child(node, 'test') : undefined;
      if (test !== undefined && test !== below && operates(test)) return true;
      const before = list(node, statementsOf(node)).filter(({ end }) => end <= below.start);
      if (before.some(operates)) return true;
    }
  }
  return false;
}

function statementsOf({ type }: Ast): string {
  return type === 'SwitchCase' ? 'consequent' : 'body';
}

/** Whether code, once begun, performs an operation for certain. */
function operates(node: Ast): boolean {
  if (operationOf(node) !== undefined) return true;
  const parts = CERTAIN.get(node.type);
  if (parts === undefined) return isFunction(node) ? false : children(node).some(operates);
  return parts.some((part) => {
    const one = child(node, part);
    return one === undefined ? list(node, part).some(operates) : operates(one);
  });
}

/** The parts that are run for certain, of code with parts that may not be. */
const CERTAIN: ReadonlyMap<string, readonly string[]> = new Map([
  ['LogicalExpression', ['left']],
  ['ConditionalExpression', ['test']],
  ['IfStatement', ['test']],
  ['WhileStatement', ['test']],
  ['DoWhileStatement', []],
  ['ForStatement', ['init', 'test']],
  ['ForInStatement', ['right']],
  ['ForOfStatement', ['right']],
  ['SwitchStatement', ['discriminant']],
  ['TryStatement', []],
  ['ClassDeclaration', []],
  ['ClassExpression', []],
]);

function jumps(node: Ast): boolean {
  return some(node, ({ type }) => /^(Break|Continue|Return|Throw)Statement$/.test(type));
}

/** Whether a jump with a label may lead out of more than the loop. */
function jumpsFar(loop: Ast): boolean {
  return some(
    loop,
    (node) => child(node, 'label') !== undefined && node.type !== 'LabeledStatement',
  );
}
