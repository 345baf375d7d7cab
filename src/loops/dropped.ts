import { type Ast, child, children, contains, isFunction, operationOf, pathTo } from './ast.ts';
import { scripts } from './scripts.ts';

/** Where code of a user's stands, as V8 tells it. */
export interface ScriptSite {
  readonly file: string;
  /** Digest of the text that runs. */
  readonly hash: string;
  /** Offset of the call that stands there. */
  readonly position: number;
}

/** A call whose generator is dropped: nothing of its code ever runs. */
export interface DroppedCall {
  /** Name of the generator function. */
  readonly name: string;
  /** From 1, in that text. */
  readonly line: number;
}

/** Where the caller of a function stands; undefined where the host does not say. */
export function callerOf(called: (...args: never[]) => unknown): ScriptSite | undefined {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = 1;
  Error.prepareStackTrace = (_error, sites) => sites;
  Error.captureStackTrace(holder, called);
  const [site] = holder.stack as readonly (NodeJS.CallSite & {
    getScriptHash(): string;
    getPosition(): number;
  })[];
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  const file = site?.getFileName() ?? undefined;
  if (site === undefined || file === undefined) return undefined;
  return { file, hash: site.getScriptHash(), position: site.getPosition() };
}

/**
 * The calls that make a generator and drop it: a statement `helper();` where the same script declares
 * `function* helper`. Its author forgot `yield*`. Empty where nobody can read the text.
 *
 * @param site of the call that describes a program: what other calls of the script are given is not
 *   looked at
 */
export function droppedCalls({ hash, position }: ScriptSite): readonly DroppedCall[] {
  const program = scripts.programOf(hash);
  if (program === undefined) return [];
  const text = scripts.textOf(hash) ?? '';
  const found: Found[] = [];
  search(program, new Map(), found);
  const own = pathTo(program, position).findLast(isCall);
  return found
    .filter(({ call }) => {
      const outside = pathTo(program, call.start).filter((node) => isCall(node) && node !== call);
      return outside.length === 0 || (own !== undefined && contains(own, call));
    })
    .map(({ name, call }) => ({ name, line: text.slice(0, call.start).split('\n').length }));
}

const isCall = ({ type }: Ast): boolean => type === 'CallExpression';

interface Found {
  readonly name: string;
  readonly call: Ast;
}

/** Names in sight, and whether each means a generator function. */
type Scope = ReadonlyMap<string, boolean>;

function search(node: Ast, outer: Scope, found: Found[]): void {
  const scope = isFunction(node) || BLOCKS.test(node.type) ? within(node, outer) : outer;
  const call = node.type === 'ExpressionStatement' ? calledIn(node) : undefined;
  const callee = call && child(call, 'callee');
  if (
    call !== undefined &&
    callee?.type === 'Identifier' &&
    scope.get(String(callee.name)) === true
  ) {
    found.push({ name: String(callee.name), call });
  }
  for (const below of children(node)) search(below, scope, found);
}

const BLOCKS = /^(Program|BlockStatement)$/;

/** The call that is all of a statement; `call() ?? (yield)` is taken for one, too. */
function calledIn(statement: Ast): Ast | undefined {
  const expression = child(statement, 'expression');
  if (expression?.type === 'CallExpression') return expression;
  return expression && operationOf(expression);
}

/** The scope that a function or a block opens: what it declares hides what is around it. */
function within(node: Ast, outer: Scope): Scope {
  const scope = new Map(outer);
  if (isFunction(node)) {
    for (const param of children(node)) hide(param, scope);
    return scope;
  }
  for (const statement of children(node)) {
    const isExported = /^Export(Named|Default)Declaration$/.test(statement.type);
    const declared = isExported ? child(statement, 'declaration') : statement;
    if (declared?.type === 'FunctionDeclaration') declare(declared, declared, scope);
    if (declared?.type !== 'VariableDeclaration') continue;
    for (const each of children(declared)) declare(each, child(each, 'init'), scope);
  }
  return scope;
}

function declare(named: Ast, value: Ast | undefined, scope: Map<string, boolean>): void {
  const id = child(named, 'id');
  if (id?.type !== 'Identifier') return;
  const isGenerator = value !== undefined && isFunction(value) && value.generator === true;
  scope.set(String(id.name), isGenerator && value.async !== true);
}

/** Names of parameters, however they are taken apart, mean no generator that is known. */
function hide(pattern: Ast, scope: Map<string, boolean>): void {
  if (pattern.type === 'BlockStatement') return;
  if (pattern.type === 'Identifier') scope.set(String(pattern.name), false);
  for (const below of children(pattern)) hide(below, scope);
}
