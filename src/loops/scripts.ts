import { Session } from 'node:inspector';
import { parse } from 'acorn';
import type { Ast } from './ast.ts';

interface ScriptParsed {
  readonly params: { readonly scriptId: string; readonly hash: string };
}

/**
 * The text of scripts as V8 runs them, parsed. A user's TypeScript is translated before it runs, in
 * memory, so the file says something else; V8 still has the text, and tells it through the inspector.
 */
class Scripts {
  /** By digest; undefined for what nobody can read or parse. */
  private readonly programs = new Map<string, Ast | undefined>();
  private readonly texts = new Map<string, string | undefined>();

  programOf(hash: string): Ast | undefined {
    if (!this.programs.has(hash)) this.programs.set(hash, parsed(this.textOf(hash)));
    return this.programs.get(hash);
  }

  /** Undefined for what nobody can read. */
  textOf(hash: string): string | undefined {
    if (!this.texts.has(hash)) this.texts.set(hash, textOf(hash));
    return this.texts.get(hash);
  }
}

/** One for a thread, so that no script is parsed twice. */
export const scripts = new Scripts();

function textOf(hash: string): string | undefined {
  const session = new Session();
  let text: string | undefined;
  try {
    session.connect();
    session.on('Debugger.scriptParsed', ({ params }: ScriptParsed) => {
      if (params.hash !== hash || text !== undefined) return;
      const { scriptId } = params;
      session.post('Debugger.getScriptSource', { scriptId }, (_error, answer) => {
        text = answer?.scriptSource;
      });
    });
    // Tells of all scripts that there are, before it answers.
    session.post('Debugger.enable');
    session.post('Debugger.disable');
  } catch {
    // Node was built without an inspector, or another thread holds it: then nothing is proven.
    return undefined;
  } finally {
    session.disconnect();
  }
  return text;
}

function parsed(text: string | undefined): Ast | undefined {
  if (text === undefined) return undefined;
  for (const sourceType of ['module', 'script'] as const) {
    try {
      const options = { allowReturnOutsideFunction: true, allowHashBang: true } as const;
      const program = parse(text, { ecmaVersion: 'latest', sourceType, ...options });
      return program as unknown as Ast;
    } catch {
      // A script that is no module, or syntax that the parser does not know.
    }
  }
  return undefined;
}
