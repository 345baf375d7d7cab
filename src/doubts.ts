import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RandomWalk } from '../scheduler/strategies/random.ts';
import { guestStack, placeText, shownPlace } from './explain/source.ts';
import { type DroppedCall, droppedCalls, type ScriptSite } from './loops/dropped.ts';
import { Stage, type Subject } from './stage/stage.ts';

/** What its author probably did not mean, though no schedule shows it. */
export interface Doubt {
  /** A generator that is made and never run, or a thread that performs no operation. */
  readonly kind: 'never-run' | 'no-operation';
  /** One line, with the place. */
  readonly text: string;
}

/**
 * What is doubtful about a user's program or scenario, each thing once. Code that a forgotten `yield*`
 * leaves out is checked in no execution, so a proof says nothing of it.
 *
 * A call is seen where the script that describes the subject declares the generator function, too. A
 * thread without operations is seen in one execution: what comes before its first operation cannot
 * depend on the schedule.
 */
export function doubtsOf(subject: Subject): readonly Doubt[] {
  if (!subject.isOwn) return [];
  const { site } = subject;
  const dropped = site === undefined ? [] : droppedCalls(site);
  // The first explains the second.
  if (dropped.length > 0) return dropped.map((call) => droppedText(call, site as ScriptSite));
  return subject.guest === 'bare' ? withoutOperation(subject) : [];
}

function droppedText(call: DroppedCall, site: ScriptSite): Doubt {
  const where = placeOf(call, site);
  const text = `${call.name}() makes a generator that never runs; write yield* ${call.name}()${where}`;
  return { kind: 'never-run', text };
}

/** The place in the source; empty where the text that runs has other lines. */
function placeOf({ name, line }: DroppedCall, { file }: ScriptSite): string {
  const [place] = guestStack({ stack: `at ${file}:${line}:1` } as Error);
  if (place === undefined) return '';
  try {
    const path = file.startsWith('file://') ? fileURLToPath(file) : file;
    const isCompiled = place.line !== line;
    const shown = readFileSync(path, 'utf8').split('\n')[line - 1] ?? '';
    return isCompiled || shown.includes(`${name}(`) ? ` (${placeText(place)})` : '';
  } catch {
    return '';
  }
}

function withoutOperation(subject: Subject): Doubt[] {
  const stage = new Stage(subject);
  const { machine } = stage;
  const active = new Set<number>();
  stage.watch({ detectors: [] });
  const ignore = (): void => undefined;
  machine.observer = {
    entering: () => void active.add(machine.current.id),
    performed: ignore,
    accessed: ignore,
    switching: ignore,
  };
  stage.execute(new RandomWalk(), 0);
  return machine.threads
    .filter((thread) => thread.ended && !active.has(thread.id))
    .map(({ name }) => {
      const place = shownPlace(guestStack(stage.described(name)));
      const where = place === undefined ? '' : ` (${placeText(place)})`;
      const text = `thread ${name} performs no operation${where}; is a yield* missing?`;
      return { kind: 'no-operation', text };
    });
}
