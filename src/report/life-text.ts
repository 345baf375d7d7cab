import type { LifeEvent } from '../../traces/trace.ts';
import { clip, count, plural, printable, wrap } from '../text.ts';

/** Of a longer life, so many states are shown from its beginning and as many from its end. */
const ENDS = 12;
/** Characters of a name. */
const NAME = 60;
/** Beyond this many objects the report counts. */
const OBJECTS = 64;

/** The states of one object, in their order. */
interface Life {
  readonly object: string;
  readonly first: LifeEvent[];
  readonly last: LifeEvent[];
  /** States between those two. */
  between: number;
}

/** Collects what becomes of objects of shared memory, in memory that does not grow with their lives. */
export class LifeLines {
  private readonly lives: Life[] = [];
  /** By name, the object that has it now: another may have had it before. */
  private readonly named = new Map<string, Life>();
  private further = 0;

  see(event: LifeEvent): void {
    const { object, state } = event;
    if (state === 'created') this.named.delete(object);
    let life = this.named.get(object);
    if (life === undefined && this.lives.length === OBJECTS) {
      if (state === 'created') this.further++;
      return;
    }
    if (life === undefined) {
      life = { object, first: [], last: [], between: 0 };
      this.lives.push(life);
      this.named.set(object, life);
    }
    if (life.first.length < ENDS) {
      life.first.push(event);
      return;
    }
    life.last.push(event);
    if (life.last.length <= ENDS) return;
    life.last.shift();
    life.between++;
  }

  /** A life line for each object that was seen: its states, with step and process. */
  lines(): string[] {
    const lines = this.lives.map(({ object, first, last, between }) => {
      const states = first.map(stateText);
      if (between > 0) states.push(`… ${plural(between, 'state')} …`);
      states.push(...last.map(stateText));
      const words = states.map((state, i) => (i + 1 < states.length ? `${state} →` : state));
      return `life of ${clip(printable(object), NAME)}\n  ${wrap(words, '  ')}`;
    });
    if (this.further > 0) lines.push(`and ${plural(this.further, 'more object')}`);
    return lines;
  }
}

/** `attached at 1,204 by pid 3 (2)`: then there are two mappings. */
function stateText({ state, step, pid, count: mappings }: LifeEvent): string {
  const many = mappings > 1 ? ` (${count(mappings)})` : '';
  return `${clip(printable(state), NAME)} at ${count(step)} by pid ${pid}${many}`;
}
