/** What a search knows, as plain data: for a file, or for a thread that goes on with it. */
export type SearchState = Readonly<Record<string, unknown>>;

type Fields = Record<string, unknown>;

/**
 * Copies the fields of an object, and of the objects in it; methods are left out.
 *
 * @param except fields that are made anew: those of the guest, and options
 */
export function fieldsOf(object: object, except: readonly string[]): SearchState {
  const fields: Fields = { ...object };
  for (const name of except) delete fields[name];
  return structuredClone(fields);
}

/** Puts back what `fieldsOf` copied, into an object of the same class; the copy is used up. */
export function restoreFields(object: object, state: SearchState): void {
  const fields = object as Fields;
  for (const [name, value] of Object.entries(state)) {
    const own = fields[name];
    if (hasMethods(own)) restoreFields(own, value as SearchState);
    else fields[name] = value;
  }
}

/** Whether it is an object of a class of ours, which a copy does not replace. */
function hasMethods(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const isTable = value instanceof Map || value instanceof Set;
  const isOfHost = Array.isArray(value) || ArrayBuffer.isView(value) || isTable;
  return !isOfHost && Object.getPrototypeOf(value) !== Object.prototype;
}
