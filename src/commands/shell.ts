import { type Ink, makeInk, wantsColour } from '../report/ink.ts';
import { Output } from '../report/output.ts';
import { consoleText, harmless, jsonLine } from '../text.ts';

/** What a command has of the world. */
export class Shell {
  readonly out = new Output(1);
  readonly err = new Output(2);
  /** For standard output. */
  readonly ink: Ink;
  readonly env: NodeJS.ProcessEnv;
  /** Words after the program's name. */
  readonly argv: readonly string[];
  /** What the process will exit with. */
  exitCode = 0;

  constructor(argv: readonly string[], env: NodeJS.ProcessEnv) {
    this.argv = argv;
    this.env = env;
    this.ink = makeInk(wantsColour(this.out.isTerminal, env));
  }

  /** Columns of the terminal that is written to, or as the environment says; undefined for none. */
  get columns(): number | undefined {
    const said = Number(this.env.COLUMNS);
    if (Number.isInteger(said) && said > 0) return said;
    return this.out.columns;
  }

  /** A line for people, on a line of its own whatever the guest has printed. */
  say(text: string): void {
    this.out.write(`${this.out.isInLine ? '\n' : ''}${harmless(text)}\n`);
  }

  /** What the guest prints on its console. */
  prints(text: string): void {
    this.out.write(consoleText(text));
  }

  /** An object on a line of its own, for programs: docs/json.md. */
  json(value: { readonly kind: string; readonly [key: string]: unknown }): void {
    this.out.write(`${jsonLine(value)}\n`);
  }

  /** A line about something wrong, on standard error. */
  warn(text: string): void {
    this.err.write(`xv6-replay: ${harmless(text)}\n`);
  }
}
