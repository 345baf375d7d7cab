/**
 * npm run calls
 *
 * Checks the table "Beside Linux" of docs/calls.md: our column on the kernel, the other on the Linux
 * that this runs on, with python3. Without either, that column is skipped, and a line says so. Exits
 * with 1 where an answer is another one than the table says.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { kernelAnswers, tableOf } from '../property-tests/calls-beside-linux.ts';

const ROOT = new URL('../../', import.meta.url);

/** What Linux answers, by question; a reason where it cannot be asked. */
function linuxAnswers(): Map<string, string> | string {
  if (process.platform !== 'linux') return `this is ${process.platform}`;
  const script = new URL('scripts/linux-answers.py', ROOT).pathname;
  try {
    const said = execFileSync('python3', [script], { encoding: 'utf8' });
    return new Map(
      said
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t') as [string, string]),
    );
  } catch (error) {
    return `python3 cannot ask: ${(error as Error).message.split('\n')[0]}`;
  }
}

const table = tableOf(readFileSync(new URL('docs/calls.md', ROOT), 'utf8'));
const sides = [
  ['here', kernelAnswers()],
  ['linux', linuxAnswers()],
] as const;
let wrong = 0;
for (const [side, answers] of sides) {
  if (typeof answers === 'string') {
    console.log(`${side}: skipped, ${answers}`);
    continue;
  }
  for (const [question, row] of table) {
    const answer = answers.get(question);
    if (answer === row[side]) continue;
    wrong++;
    console.log(`${side}: ${question}: the table says ${row[side]}, it answers ${answer}`);
  }
  console.log(`${side}: ${table.size} questions asked`);
}
process.exitCode = wrong > 0 ? 1 : 0;
