/** Widest line that is printed for people. */
const COLUMNS = 100;

/** Control, format (bidirectional ones among them), separator and half characters; one that cannot steer. */
const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The arrow and the ellipsis are ours, and on most lines. */
const PLAIN = /^[\x20-\x7e→…]*$/;
const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\r', '\\r'],
]);

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code > 0xff) return `\\u{${digits}}`;
  return SHORT.get(char) ?? `\\x${digits.padStart(2, '0')}`;
}

/**
 * One line that cannot steer the terminal, of text that is not ours: from a file, a trace, or a program
 * of a user's. Characters that would appear as in a C string. All foreign text for people goes through here.
 */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(STEERING, escaped);
}

/** The same of what a guest prints on its console, which has lines and tabs. */
export function consoleText(text: string): string {
  return text
    .split(/([\n\t])/)
    .map((part) => (part === '\n' || part === '\t' ? part : printable(part)))
    .join('');
}

/**
 * Our own text, in case something foreign got into it: lines, and colours as `Ink` makes them, stay; no
 * other character steers.
 */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/\x1b\[\d+m|\n|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) =>
    found === '\n' || found.length > 2 ? found : escaped(found),
  );
}

/** JSON in one line that a terminal shows as it is: what JSON leaves raw is escaped as JSON escapes. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(STEERING, (char) =>
    Array.from({ length: char.length }, (_, i) => {
      return `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
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
  // Of small numbers, which are most, in a fraction of the time.
  return n >= 0 && n < 1000 && Number.isInteger(n) ? `${n}` : n.toLocaleString('en');
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
