import { type Ast, child, some } from './ast.ts';

/** What a script runs where its text shows no call. */
export interface Unseen {
  /** Properties that a function answers when they are read. */
  readonly getters: ReadonlySet<string>;
  /** Whether an object says itself what number or text it is. */
  readonly converts: boolean;
}

const CONVERSIONS = new Set(['valueOf', 'toString', 'toPrimitive']);

/** A getter under a computed name counts as one under every name. */
const ANY = '*';

export function unseenIn(program: Ast): Unseen {
  const getters = new Set<string>();
  let converts = false;
  some(
    program,
    (node) => {
      const isMember = node.type === 'Property' || node.type === 'MethodDefinition';
      const key = isMember ? child(node, 'key') : undefined;
      if (key === undefined) return false;
      if (node.kind === 'get') getters.add(node.computed === true ? ANY : nameOf(key));
      const named = key.type === 'MemberExpression' ? child(key, 'property') : key;
      if (named !== undefined && CONVERSIONS.has(nameOf(named))) converts = true;
      return false;
    },
    true,
  );
  return { getters, converts };
}

/** Whether a function may run one of those, by reading a property or by converting an object. */
export function mayRun(fn: Ast, { getters, converts }: Unseen): boolean {
  if (converts) return true;
  if (getters.size === 0) return false;
  const hasNumber = [...getters].some((name) => String(Number(name)) === name);
  const isRead = (node: Ast): boolean => {
    const key = node.type === 'MemberExpression' ? child(node, 'property') : undefined;
    if (key === undefined) return false;
    if (getters.has(ANY)) return true;
    if (node.computed !== true || key.type === 'Literal') return getters.has(nameOf(key));
    return !isNumber(key) || hasNumber;
  };
  return some(fn, isRead, true);
}

const ARITHMETIC = new Set(['-', '*', '/', '%', '**', '&', '|', '^', '<<', '>>', '>>>']);

/** Whether an expression is a number by its form, so that it names no getter that a word names. */
function isNumber({ type, operator }: Ast): boolean {
  if (type === 'UpdateExpression') return true;
  if (type === 'UnaryExpression') return operator === '-' || operator === '~' || operator === '+';
  return type === 'BinaryExpression' && ARITHMETIC.has(operator as string);
}

function nameOf(key: Ast): string {
  return String(key.type === 'Identifier' ? key.name : key.value);
}
