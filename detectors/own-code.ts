/** The package's folder, whether this runs from source or as compiled. */
const ROOT = decodeURI(new URL('..', import.meta.url).pathname).replace(/[\\/]dist[\\/]$/, '/');

/**
 * Where the first frame of a stack that is code of the package lies, from its folder on:
 * `detectors/race.ts:12`. A user's folder may be called as one of ours, so its name does not tell.
 */
export function ownPlace(stack: string): string | undefined {
  const [, behind] = decoded(stack).split(ROOT);
  return behind?.replace(/^dist[\\/]/, '').split('\n')[0];
}

/** A stack has files as they are called, or as addresses of them. */
function decoded(stack: string): string {
  try {
    return decodeURI(stack);
  } catch {
    return stack;
  }
}
