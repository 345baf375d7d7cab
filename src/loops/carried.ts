import { type Ast, child, children, isFunction, isLoop, list, operationOf, some } from './ast.ts';

/** What is known of the calls in a loop: those of which an execution showed what they called. */
export interface Calls {
  /** By call: the functions of the guest that it called; none for an operation of the machine. */
  readonly known: ReadonlyMap<Ast, ReadonlySet<Ast>>;
}

/** Thrown where code may keep something that a later round can see. */
class Carries extends Error {}

/** Functions of the language that change nothing and keep nothing. */
const PURE_FUNCTIONS = new Set(['Number', 'BigInt', 'String', 'Boolean']);
const PURE_OBJECTS = new Set(['Math']);
const ERRORS = /^(Error|RangeError|TypeError)$/;

/**
 * Whether a loop keeps nothing from one round to the next: each variable that it assigns, and that
 * outlives a round, is assigned anew in each round before it is read. So a thread at the head of the
 * loop is always in the same state, whatever it was answered before.
 *
 * Calls count as keeping something, unless they are operations of the machine, functions that an
 * execution showed and that keep nothing either, or functions of the language known to be pure. What
 * reading a property does (a getter) is taken to be nothing.
 */
export function keepsNothing(loop: Ast, around: Ast, calls: Calls): boolean {
  if (/^For(In|Of)/.test(loop.type)) return false;
  try {
    const carried = new Set(outlive(loop, assignedIn(loop), around));
    const check = new Check(calls, carried, new Set());
    check.loop(loop, new Set());
    const isReadAfter = (name: string): boolean => reads(around, name, loop);
    for (const exit of check.exits) {
      for (const name of carried) if (!exit.has(name) && isReadAfter(name)) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof Carries) return false;
    throw error;
  }
}

/** Whether a function changes nothing that outlives its call. */
function isPure(fn: Ast, calls: Calls, within: ReadonlySet<Ast>): boolean {
  if (within.has(fn)) return false;
  const names = assignedIn(fn);
  const own = declaredIn(fn);
  if ([...names].some((name) => !own.has(name))) return false;
  const check = new Check(calls, new Set(), new Set([...within, fn]));
  for (const param of list(fn, 'params')) check.below(param);
  const body = child(fn, 'body') as Ast;
  check.run(body, new Set());
  return true;
}

/** Assigned variables that are still there in the next round. Throws if somebody else has them, too. */
function outlive(loop: Ast, assigned: ReadonlySet<string>, around: Ast): string[] {
  const fresh = new Set<string>();
  for (const part of ['test', 'body', 'update']) {
    const node = child(loop, part);
    if (node !== undefined) for (const name of declaredIn(node, false)) fresh.add(name);
  }
  const outside = declaredIn(around, true, loop);
  const names = [...assigned].filter((name) => !fresh.has(name) || outside.has(name));
  for (const name of names) {
    if (!outside.has(name) || isCaptured(around, name)) throw new Carries();
  }
  return names;
}

/** Names that are assigned in a tree, in nested functions as well. */
function assignedIn(tree: Ast): Set<string> {
  const names = new Set<string>();
  some(
    tree,
    (node) => {
      if (node.type === 'AssignmentExpression') addPattern(child(node, 'left') as Ast, names);
      else if (node.type === 'UpdateExpression') addPattern(child(node, 'argument') as Ast, names);
      else if (node.type === 'VariableDeclaration' && node.kind === 'var') {
        for (const each of list(node, 'declarations')) addPattern(child(each, 'id') as Ast, names);
      } else if (/^For(In|Of)/.test(node.type)) addPattern(child(node, 'left') as Ast, names);
      return false;
    },
    true,
  );
  return names;
}

/** Names that a tree declares, nested functions left out; `var` only if asked for. */
function declaredIn(tree: Ast, vars = true, except?: Ast): Set<string> {
  const names = new Set<string>();
  const visit = (node: Ast, isRoot: boolean): void => {
    if (node === except) {
      // What the head of the loop declares lives as long as the loop.
      const init = child(node, 'init');
      if (init !== undefined) visit(init, false);
      return;
    }
    if (node.type === 'VariableDeclaration' && (vars || node.kind !== 'var')) {
      for (const each of list(node, 'declarations')) addPattern(child(each, 'id') as Ast, names);
    }
    if (node.type === 'CatchClause') {
      const param = child(node, 'param');
      if (param !== undefined) addPattern(param, names);
    }
    if (isFunction(node) && isRoot) for (const p of list(node, 'params')) addPattern(p, names);
    if (isFunction(node) && !isRoot) return;
    for (const below of children(node)) visit(below, false);
  };
  visit(tree, true);
  return names;
}

function addPattern(node: Ast, names: Set<string>): void {
  if (node.type === 'Identifier') names.add(node.name as string);
  else if (node.type === 'VariableDeclaration') {
    for (const each of list(node, 'declarations')) addPattern(child(each, 'id') as Ast, names);
  } else if (node.type === 'MemberExpression') throw new Carries();
  else if (node.type === 'Property') addPattern(child(node, 'value') as Ast, names);
  else if (node.type === 'AssignmentPattern') addPattern(child(node, 'left') as Ast, names);
  else for (const below of children(node)) addPattern(below, names);
}

/** Whether a function within this one uses a variable of that name: then it may see what is kept. */
function isCaptured(around: Ast, name: string): boolean {
  const uses = (node: Ast): boolean =>
    some(node, (n) => n.type === 'Identifier' && n.name === name, true);
  return some(around, (node) => node !== around && isFunction(node) && uses(node));
}

/** Whether a function reads a variable outside a loop of it; a plain assignment reads nothing. */
function reads(around: Ast, name: string, loop: Ast): boolean {
  const visit = (node: Ast): boolean => {
    if (node === loop) return false;
    if (node.type === 'Identifier') return node.name === name;
    if (node.type === 'VariableDeclarator') {
      const init = child(node, 'init');
      return init !== undefined && visit(init);
    }
    if (node.type === 'AssignmentExpression' && node.operator === '=') {
      const left = child(node, 'left') as Ast;
      return (left.type !== 'Identifier' && visit(left)) || visit(child(node, 'right') as Ast);
    }
    return children(node).some(visit);
  };
  return visit(child(around, 'body') ?? around);
}

type Assigned = ReadonlySet<string>;

/** Walks code in the order in which it runs; throws where it keeps something. */
class Check {
  /** What was assigned for certain at each way out of the loop. */
  readonly exits: Assigned[] = [];
  private readonly calls: Calls;
  private readonly carried: ReadonlySet<string>;
  private readonly within: ReadonlySet<Ast>;
  /** What was assigned at `break`s and `continue`s of loops and switches that are being walked. */
  private readonly jumps: Assigned[][] = [];

  constructor(calls: Calls, carried: ReadonlySet<string>, within: ReadonlySet<Ast>) {
    this.calls = calls;
    this.carried = carried;
    this.within = within;
  }

  /** Walks one round of the loop that is asked about. */
  loop(loop: Ast, before: Assigned): void {
    this.jumps.push([]);
    const test = child(loop, 'test');
    const body = child(loop, 'body') as Ast;
    let now = before;
    if (loop.type !== 'DoWhileStatement') {
      now = test === undefined ? now : this.run(test, now);
      if (test !== undefined) this.exits.push(now);
    }
    now = this.run(body, now);
    const jumped = this.jumps.pop() as Assigned[];
    // A jump may lead out of the loop, or to its end: what is not assigned there counts for both.
    for (const at of jumped) this.exits.push(at);
    now = [now, ...jumped].reduce(both);
    if (loop.type === 'DoWhileStatement' && test !== undefined) {
      now = this.run(test, now);
      this.exits.push(now);
    }
    const update = child(loop, 'update');
    if (update !== undefined) this.run(update, now);
  }

  /** Walks nodes whose order says nothing. */
  below(node: Ast): void {
    for (const each of children(node)) this.run(each, new Set());
  }

  /** Walks a node; answers what is assigned for certain behind it. */
  run(node: Ast, before: Assigned): Assigned {
    if (isLoop(node)) return this.inner(node, before);
    switch (node.type) {
      case 'Identifier':
        if (this.carried.has(node.name as string) && !before.has(node.name as string)) {
          throw new Carries();
        }
        return before;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return before;
      case 'AssignmentExpression':
        return this.assign(node, before);
      case 'VariableDeclarator':
        return this.declare(node, before);
      case 'MemberExpression':
        return this.member(node, before);
      case 'Property':
        return this.property(node, before);
      case 'CallExpression':
        return this.call(node, before, false);
      case 'LogicalExpression':
        return this.logical(node, before);
      case 'ConditionalExpression':
      case 'IfStatement':
        return this.either(node, before);
      case 'BreakStatement':
      case 'ContinueStatement':
        this.jumps.at(-1)?.push(before);
        return EVERYTHING;
      case 'ReturnStatement':
      case 'ThrowStatement':
        this.sequence(node, before);
        return EVERYTHING;
      case 'YieldExpression':
        return this.yielding(node, before);
      case 'SwitchStatement':
      case 'TryStatement':
      case 'LabeledStatement':
        return this.apart(node, before);
      default:
        return this.plain(node, before);
    }
  }

  /** Code of which only the parts count, in their order. */
  private plain(node: Ast, before: Assigned): Assigned {
    if (!PLAIN.has(node.type)) throw new Carries();
    if (node.type === 'UnaryExpression' && node.operator === 'delete') throw new Carries();
    if (node.type === 'NewExpression' && !ERRORS.test(nameOf(child(node, 'callee')))) {
      throw new Carries();
    }
    return this.sequence(node, before);
  }

  private sequence(node: Ast, before: Assigned): Assigned {
    return children(node).reduce((now, each) => this.run(each, now), before);
  }

  /** Parts may run or not, and jump about within: nothing is assigned for certain. */
  private apart(node: Ast, before: Assigned): Assigned {
    this.jumps.push([]);
    for (const each of children(node)) if (node.label !== each) this.part(each, before);
    const jumped = this.jumps.pop() as Assigned[];
    this.jumps.at(-1)?.push(...jumped);
    return before;
  }

  private part(node: Ast, before: Assigned): void {
    if (node.type === 'SwitchCase' || node.type === 'CatchClause') {
      const param = child(node, 'param');
      let now = before;
      for (const each of children(node)) if (each !== param) now = this.run(each, now);
    } else this.run(node, before);
  }

  /** A loop in the loop: its body may run never, or often. */
  private inner(node: Ast, before: Assigned): Assigned {
    if (node.type === 'ForOfStatement') {
      // An iterator that outlives the loop would keep where it stands; an array's does not.
      if (child(node, 'right')?.type !== 'ArrayExpression') throw new Carries();
    }
    this.jumps.push([]);
    let now = before;
    const first = child(node, 'init') ?? child(node, 'right');
    if (first !== undefined) now = this.run(first, now);
    const test = child(node, 'test');
    if (test !== undefined && node.type !== 'DoWhileStatement') now = this.run(test, now);
    const after = this.run(child(node, 'body') as Ast, now);
    if (test !== undefined && node.type === 'DoWhileStatement') this.run(test, now);
    const update = child(node, 'update');
    if (update !== undefined) this.run(update, both(now, after));
    const jumped = this.jumps.pop() as Assigned[];
    // A jump with a label may lead further out.
    this.jumps.at(-1)?.push(...jumped.map((at) => both(at, before)));
    return jumped.reduce(both, now);
  }

  private assign(node: Ast, before: Assigned): Assigned {
    const left = child(node, 'left') as Ast;
    const right = child(node, 'right') as Ast;
    if (node.operator !== '=') return this.run(right, this.run(left, before));
    const now = this.run(right, before);
    if (left.type !== 'Identifier') throw new Carries();
    return new Set([...now, left.name as string]);
  }

  private declare(node: Ast, before: Assigned): Assigned {
    const init = child(node, 'init');
    if (init === undefined) return before;
    const now = new Set(this.run(init, before));
    addPattern(child(node, 'id') as Ast, now);
    return now;
  }

  private member(node: Ast, before: Assigned): Assigned {
    const now = this.run(child(node, 'object') as Ast, before);
    return node.computed === true ? this.run(child(node, 'property') as Ast, now) : now;
  }

  private property(node: Ast, before: Assigned): Assigned {
    const now = node.computed === true ? this.run(child(node, 'key') as Ast, before) : before;
    return this.run(child(node, 'value') as Ast, now);
  }

  private logical(node: Ast, before: Assigned): Assigned {
    const operation = operationOf(node);
    if (operation !== undefined) return this.call(operation, before, true);
    const now = this.run(child(node, 'left') as Ast, before);
    this.run(child(node, 'right') as Ast, now);
    return now;
  }

  private either(node: Ast, before: Assigned): Assigned {
    const now = this.run(child(node, 'test') as Ast, before);
    const other = child(node, 'alternate');
    const one = this.run(child(node, 'consequent') as Ast, now);
    return both(one, other === undefined ? now : this.run(other, now));
  }

  private yielding(node: Ast, before: Assigned): Assigned {
    const argument = child(node, 'argument');
    if (argument === undefined) return before;
    if (node.delegate === true && argument.type === 'CallExpression') {
      return this.call(argument, before, false);
    }
    throw new Carries();
  }

  /** @param isOperation whether it is written as an operation is: had it run, it had been seen. */
  private call(node: Ast, before: Assigned, isOperation: boolean): Assigned {
    const callee = child(node, 'callee') as Ast;
    const called = this.calls.known.get(node);
    const isMethod = callee.type === 'MemberExpression';
    if (called !== undefined) {
      for (const fn of called) if (!isPure(fn, this.calls, this.within)) throw new Carries();
    } else if (!(isOperation && isMethod) && !isPureFunction(callee)) throw new Carries();
    const now = this.run(callee, before);
    return list(node, 'arguments').reduce((at, each) => this.run(each, at), now);
  }
}

/** Behind a jump there is nothing: whatever is asked of it holds. */
const EVERYTHING: Assigned = new (class extends Set<string> {
  override has(): boolean {
    return true;
  }
})();

function both(a: Assigned, b: Assigned): Assigned {
  if (a === EVERYTHING) return b;
  if (b === EVERYTHING) return a;
  return new Set([...a].filter((name) => b.has(name)));
}

const PLAIN = new Set(
  `ArrayExpression BinaryExpression BlockStatement ChainExpression DebuggerStatement EmptyStatement
  ExpressionStatement Literal NewExpression ObjectExpression ParenthesizedExpression
  SequenceExpression TemplateElement TemplateLiteral ThisExpression UnaryExpression UpdateExpression
  VariableDeclaration`.split(/\s+/),
);

function isPureFunction(callee: Ast): boolean {
  if (callee.type === 'Identifier') return PURE_FUNCTIONS.has(nameOf(callee));
  const object = child(callee, 'object');
  return (
    callee.type === 'MemberExpression' &&
    PURE_OBJECTS.has(nameOf(object)) &&
    nameOf(child(callee, 'property')) !== 'random'
  );
}

function nameOf(node: Ast | undefined): string {
  return node?.type === 'Identifier' ? (node.name as string) : '';
}
