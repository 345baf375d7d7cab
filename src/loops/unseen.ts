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
  const isRead = (node: Ast): boolean => {
    const key = node.type === 'MemberExpression' ? child(node, 'property') : undefined;
    if (key === undefined) return false;
    return getters.has(ANY) || node.computed === true || getters.has(nameOf(key));
  };
  return some(fn, isRead, true);
}

function nameOf(key: Ast): string {
  return String(key.type === 'Identifier' ? key.name : key.value);
}
