/** Widest line that is printed for people. */
const COLUMNS = 100;

/**
 * One line that cannot steer the terminal: a trace may come from anywhere. Control characters
 * appear as in a C string.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (char) => {
    const known: Record<string, string> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };
    return known[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Cut to a width, with an ellipsis to show it. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

export function quoted(text: string): string {
  return printable(JSON.stringify(text));
}

/** 12,345 */
export function count(n: number): string {
  return n.toLocaleString('en');
}

/** `1 switch`, `2 switches` */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** As a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Words in lines no wider than `width`, each after `indent`. */
export function wrap(words: readonly string[], indent: string, width = COLUMNS): string {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  lines.push(line);
  return lines.join(`\n${indent}`);
}
