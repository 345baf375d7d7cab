import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';

/** A place in the TypeScript source. */
export interface SourcePlace {
  /**
   * With `/`, relative to the package, or to the current folder for a file of a user's; the bare name
   * for one that is in neither.
   */
  readonly file: string;
  /** Whether it is of the package. */
  readonly isOurs: boolean;
  readonly line: number;
  /** Function whose code it is; empty at the top of a file. */
  readonly function: string;
}

/** Rooms whose code is not the guest's, tests apart. The machine and the tools are on every stack. */
const HOST =
  /^(machine|src|scheduler|traces|detectors|property-tests|bench|scripts|node_modules|dist)\/(?!.*\.test\.ts)/;
/** Guest code that only passes an operation on: whoever called it is meant. */
const PASSING = /^kernel\/(name|panic|spinlock|usercode)\.ts$/;

/** The folder of the package, whether this runs from source or as compiled. */
const ROOT = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  return folder;
})();

const maps = new Map<string, TraceMap | undefined>();

/** The source map beside a compiled file, if there is one; read when first asked for. */
function mapOf(file: string): TraceMap | undefined {
  if (!maps.has(file)) {
    let map: TraceMap | undefined;
    try {
      map = new TraceMap(readFileSync(`${file}.map`, 'utf8'), pathToFileURL(`${file}.map`).href);
    } catch {
      // None, or one that cannot be read: the compiled line is better than none.
    }
    maps.set(file, map);
  }
  return maps.get(file);
}

function pathOf(url: string): string {
  return url.startsWith('file://') ? fileURLToPath(url) : url;
}

/** A path below a folder, relative to it; undefined for one that is elsewhere. */
function below(folder: string, path: string): string | undefined {
  const inside = relative(folder, resolve(path));
  return /^\.\.|^[A-Za-z]:/.test(inside) ? undefined : inside.split(sep).join('/');
}

const FRAME = /^\s*at (?:(?:async )?(.*?) \()?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/;

function placeOf(line: string): SourcePlace | undefined {
  const match = FRAME.exec(line);
  if (match === null) return undefined;
  const [, name = '', url = '', row = '', column = ''] = match;
  let file = pathOf(url.replace(/[?#].*$/, ''));
  let at = Number(row);
  const map = file.endsWith('.js') ? mapOf(file) : undefined;
  if (map !== undefined) {
    const original = originalPositionFor(map, { line: at, column: Number(column) - 1 });
    if (original.source !== null) {
      file = pathOf(original.source);
      at = original.line;
    }
  }
  const words = name.replace(/^(Object|Module)\./, '').replace(/ \[as .*\]$|^new /g, '');
  const ours = below(ROOT, file);
  const shown = ours ?? below('', file) ?? basename(file);
  const its = { file: shown, isOurs: ours !== undefined, line: at };
  return { ...its, function: words.replace(/\.next$|^<anonymous>$/, '') };
}

function isHost({ file, isOurs }: SourcePlace): boolean {
  return isOurs ? HOST.test(file) : /(^|\/)node_modules\//.test(file);
}

/** The guest's part of a stack, innermost first. */
export function guestStack(error: Error | undefined): SourcePlace[] {
  const places: SourcePlace[] = [];
  for (const line of (error?.stack ?? '').split('\n')) {
    const place = placeOf(line);
    if (place === undefined) continue;
    // Below it is who started the machine, a test for example.
    if (place.file === 'machine/driver.ts' && place.function.endsWith('.resume')) break;
    if (isHost(place)) continue;
    // The host's own way into the guest.
    if (place.function !== 'Kernel.run') places.push(place);
  }
  return places;
}

/** The line to show for a stack: the innermost that does more than pass an operation on. */
export function shownPlace(stack: readonly SourcePlace[]): SourcePlace | undefined {
  return stack.find(({ file }) => !PASSING.test(file)) ?? stack[0];
}

export function placeText({ file, line }: SourcePlace): string {
  return `${file}:${line}`;
}
