/** A node of a syntax tree as in ESTree, of which only the parts that are asked for are looked at. */
export interface Ast {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** The node in a field, if there is one. */
export function child(node: Ast, field: string): Ast | undefined {
  const value = node[field];
  return isAst(value) ? value : undefined;
}

/** The nodes in a field that holds a list; holes are left out. */
export function list(node: Ast, field: string): readonly Ast[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isAst) : [];
}

/** All nodes right beneath one, in the order of the text. */
export function children(node: Ast): readonly Ast[] {
  const found: Ast[] = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) found.push(...value.filter(isAst));
    else if (isAst(value)) found.push(value);
  }
  return found.sort((a, b) => a.start - b.start);
}

/** The nodes around a position of the text, from the outermost to the innermost. */
export function pathTo(program: Ast, position: number): readonly Ast[] {
  const path: Ast[] = [];
  for (let node: Ast | undefined = program; node !== undefined; ) {
    path.push(node);
    node = children(node).find(({ start, end }) => start <= position && position < end);
  }
  return path;
}

/** Whether some node in a tree is as asked; nested functions are left out unless `deep`. */
export function some(node: Ast, is: (node: Ast) => boolean, deep = false): boolean {
  if (is(node)) return true;
  if (!deep && isFunction(node)) return false;
  return children(node).some((below) => some(below, is, deep));
}

export function isFunction({ type }: Ast): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type);
}

export function isLoop({ type }: Ast): boolean {
  return /^(While|DoWhile|For|ForIn|ForOf)Statement$/.test(type);
}

export function contains(outer: Ast, inner: Ast): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** `op ?? (yield)`, by which an operation of the machine is written: the operation; or undefined. */
export function operationOf(node: Ast): Ast | undefined {
  if (node.type !== 'LogicalExpression' || node.operator !== '??') return undefined;
  const right = child(node, 'right');
  if (right?.type !== 'YieldExpression' || right.delegate === true) return undefined;
  const left = child(node, 'left');
  return left?.type === 'CallExpression' ? left : undefined;
}

function isAst(value: unknown): value is Ast {
  return typeof value === 'object' && value !== null && typeof (value as Ast).type === 'string';
}
