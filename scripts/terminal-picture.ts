/**
 * Draws terminal sessions as SVG: `npm run pictures`.
 *
 * Runs the commands for real, on a terminal made by script(1) so that they use colour, in a folder
 * of their own, and draws what they printed. Linux only; not part of the checks.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse, resolve } from 'node:path';

const PICTURES: Readonly<Record<string, readonly string[]>> = {
  session: [
    'xv6-replay run shmtest --seed 42 --record run.xrt -- foo 8192 4',
    'xv6-replay replay run.xrt',
    'xv6-replay show run.xrt --no-pager --kind enter,exit,life --from 60 --to 290',
    'xv6-replay run shmtest --seed 43 -- foo 8192 4',
  ],
  life: [
    'xv6-replay run complete --seed 1 --record life.xrt -- 7',
    'xv6-replay show life.xrt --no-pager --kind exit,page,life --from 90 --to 1000',
  ],
  finding: [
    'xv6-replay explore open-open --mutant shm-open-create-apart --seed 1 | head -1 | cut -d, -f1,2',
    'xv6-replay shrink XR',
  ],
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told
const PROGRESS = /\r\x1b\[\?7l.*?\x1b\[\?7h/g;
const COLUMNS = 100;
const PROMPT = '\x1b[32m$\x1b[0m ';
const CHAR = 8.4;
const LINE = 19;
const COLOURS: Readonly<Record<number, string>> = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341' };

/** The output of a command on a terminal. A failing command is part of the picture. */
function onTerminal(command: string, folder: string): string {
  const cli = resolve('dist/src/cli.js');
  const real = command.replace(/^xv6-replay/, `stty cols ${COLUMNS}; node ${cli}`);
  try {
    return execFileSync('script', ['-qec', real, '/dev/null'], { cwd: folder, encoding: 'utf8' });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with an escape
const SGR = /(\x1b\[[0-9;]*m)/g;

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One line with its colours as tspans. */
function drawLine(line: string, y: number): string {
  let style = '';
  const spans: string[] = [];
  for (const part of line.split(SGR)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    const code = /^\x1b\[([0-9;]*)m$/.exec(part)?.[1];
    if (code === undefined) {
      if (part !== '') spans.push(`<tspan${style}>${escapeXml(part)}</tspan>`);
      continue;
    }
    const number = Number(code);
    if (number === 0) style = '';
    else if (number === 1) style += ' font-weight="bold"';
    else if (number === 2) style += ' opacity="0.6"';
    else style += ` fill="${COLOURS[number] ?? '#e6edf3'}"`;
  }
  return `<text x="16" y="${y}" xml:space="preserve">${spans.join('')}</text>`;
}

/** `XR` in a command stands for the first finding in the folder. */
let id = 'XR';

function draw(commands: readonly string[], folder: string): string {
  const lines: string[] = [];
  for (const words of commands) {
    const command = words.replace(/XR$/, id);
    const printed = onTerminal(command, folder).replaceAll(PROGRESS, '');
    const output = printed.replaceAll('\r', '').trimEnd();
    const store = join(folder, '.xv6-replay');
    if (id === 'XR' && existsSync(store)) id = parse(readdirSync(store)[0] ?? '').name;
    lines.push(`${PROMPT}\x1b[1m${command}\x1b[0m`, ...output.split('\n'), '');
  }
  const height = lines.length * LINE + 24;
  const longest = Math.max(...lines.map((line) => line.replaceAll(SGR, '').length));
  const width = longest * CHAR + 32;
  const body = lines.map((line, i) => drawLine(line, 28 + i * LINE)).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${escapeXml(
    lines
      .filter((line) => line.startsWith(PROMPT))
      .join('; ')
      .replaceAll(SGR, ''),
  )}</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', monospace" font-size="14" fill="#e6edf3">
${body}
</g>
</svg>
`;
}

const folder = mkdtempSync(join(tmpdir(), 'picture-'));
for (const [name, commands] of Object.entries(PICTURES)) {
  writeFileSync(`docs/pictures/${name}.svg`, draw(commands, folder));
  console.log(`docs/pictures/${name}.svg`);
}
rmSync(folder, { recursive: true });
