import type { MemoryModel } from '../../machine/store-buffers.ts';

/** One access: a store, a load, a fence, an exchange. */
interface Access {
  readonly kind: string;
  readonly cell: string;
  readonly value: number;
}

interface State {
  readonly at: readonly number[];
  readonly memory: ReadonlyMap<string, number>;
  /** By thread, oldest first. */
  readonly buffers: readonly (readonly Access[])[];
  readonly seen: readonly (readonly string[])[];
}

/**
 * All that the loads of a litmus test can see, by brute force over an abstract machine. It shares
 * nothing with the machine but the words of the test: see `litmus`.
 */
export function weakOutcomes(text: string, model: MemoryModel): Set<string> {
  const threads = text.split('||').map((thread) => thread.trim().split(' ').map(accessOf));
  const outcomes = new Set<string>();
  const visited = new Set<string>();
  const nothing = threads.map(() => []);
  const todo: State[] = [
    { at: threads.map(() => 0), memory: new Map(), buffers: nothing, seen: nothing },
  ];
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    const key = JSON.stringify([state.at, [...state.memory].sort(), state.buffers, state.seen]);
    if (visited.has(key)) continue;
    visited.add(key);
    const next = [...drained(state, model), ...performed(state, threads, model)];
    if (next.length === 0) outcomes.add(state.seen.flat().join(', '));
    todo.push(...next);
  }
  return outcomes;
}

function accessOf(word: string): Access {
  return { kind: word[0] as string, cell: word[1] ?? '', value: Number(word[2] ?? 0) };
}

/** A store leaves a buffer: under TSO the oldest, under PSO the oldest of any cell. */
function drained(state: State, model: MemoryModel): State[] {
  const next: State[] = [];
  for (const [t, buffer] of state.buffers.entries()) {
    for (const [i, { cell, value }] of buffer.entries()) {
      const isFirst = !buffer.slice(0, i).some((before) => model === 'tso' || before.cell === cell);
      if (!isFirst) continue;
      next.push({
        ...state,
        memory: new Map(state.memory).set(cell, value),
        buffers: state.buffers.with(
          t,
          buffer.filter((_, j) => j !== i),
        ),
      });
    }
  }
  return next;
}

function performed(
  state: State,
  threads: readonly (readonly Access[])[],
  model: MemoryModel,
): State[] {
  const next: State[] = [];
  for (const [t, accesses] of threads.entries()) {
    const access = accesses[state.at[t] as number];
    const buffer = state.buffers[t] as readonly Access[];
    if (access === undefined) continue;
    const { kind, cell, value } = access;
    const waits = (kind === 'F' || kind === 'U') && buffer.length > 0;
    if (waits) continue;
    const after = { ...state, at: state.at.with(t, (state.at[t] as number) + 1) };
    if (kind === 'R') {
      const own = buffer.findLast((store) => store.cell === cell);
      const note = `p${t} ${cell}=${own?.value ?? state.memory.get(cell) ?? 0}`;
      next.push({ ...after, seen: state.seen.with(t, [...(state.seen[t] ?? []), note]) });
    } else if (kind === 'F') {
      next.push(after);
    } else if (kind === 'U' || model === 'sc') {
      next.push({ ...after, memory: new Map(state.memory).set(cell, value) });
    } else {
      next.push({ ...after, buffers: state.buffers.with(t, [...buffer, access]) });
    }
  }
  return next;
}
