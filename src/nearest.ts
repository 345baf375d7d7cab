/** Edits (insert, delete, replace, swap of neighbours) that turn one word into another. */
function edits(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1] as number[];
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min((above[j] as number) + 1, (row[j - 1] as number) + 1, replaced);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j] as number, (rows[i - 2]?.[j - 2] as number) + 1);
      }
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] as number;
}

/** The name that was probably meant, or undefined when none is near: a third of it may differ. */
function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  // Longer than any name of ours, and not worth the time.
  if (word.length > 64) return undefined;
  let least = Math.floor(word.length / 3) + 1;
  for (const name of names) {
    const distance = edits(word.toLowerCase(), name);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

/** Names that are shown at most, of those that begin with a word or have it in them. */
const SHOWN = 3;

/** Names that begin with a word, or else the one that is near, or else those that have it in them. */
function meant(word: string, names: readonly string[]): readonly string[] {
  const part = word.toLowerCase();
  const having = part.length < 3 ? [] : names.filter((name) => name.includes(part));
  const beginning = having.filter((name) => name.startsWith(part));
  const near = beginning.length > 0 ? undefined : nearest(word, names);
  if (near !== undefined) return [near];
  const found = beginning.length > 0 ? beginning : having;
  return found.toSorted((a, b) => a.length - b.length);
}

/** The end of a message about a name that does not exist: `; did you mean shmtest?`, or nothing. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const found = meant(word, [...names]);
  if (found.length === 0) return '';
  const shown = found.slice(0, SHOWN);
  const last = shown.pop();
  const list = shown.length === 0 ? last : `${shown.join(', ')} or ${last}`;
  return `; did you mean ${list}?`;
}
