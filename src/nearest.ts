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

/** The end of a message about a name that does not exist: `; did you mean shmtest?`, or nothing. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const name = nearest(word, names);
  return name === undefined ? '' : `; did you mean ${name}?`;
}
