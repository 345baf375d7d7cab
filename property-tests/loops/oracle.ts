import type { Code, Operand } from './instructions.ts';

/**
 * All that a program can do, as a finite graph of explicit states: no execution is run, and nothing of
 * the scheduler or the machine is used. A state in which a loop has come round is one state, so that
 * loops without end are decided exactly.
 */
export interface Oracle {
  /** Final states, and the fewest preemptions of an execution that ends there. */
  readonly finals: ReadonlyMap<string, number>;
  /**
   * The fewest preemptions that lead to where no execution can end any more: threads wait for one
   * another, or go round, for ever. Infinite if nothing leads there.
   */
  readonly hangs: number;
  /** Whether some execution never ends, fair or not. */
  readonly cycles: boolean;
  readonly states: number;
}

/** There are more states than were allowed. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

interface ThreadState {
  readonly at: number;
  readonly registers: readonly number[];
  readonly seen: readonly number[];
}

interface State {
  readonly cells: readonly number[];
  /** The thread that holds the mutex; -1 for nobody. */
  readonly holder: number;
  readonly threads: readonly ThreadState[];
}

interface Node {
  readonly state: State;
  /** By thread that can step: where that leads. */
  readonly next: readonly (readonly [lane: number, node: number])[];
}

/** @throws TooLarge */
export function decide(codes: readonly Code[], cells: number, statesMax = 40_000): Oracle {
  const nodes = graphOf(codes, cells, statesMax);
  const fewest = preemptionsOf(nodes);
  const finals = new Map<string, number>();
  nodes.forEach(({ state, next }, i) => {
    if (next.length > 0 || !isOver(codes, state)) return;
    const final = finalText(
      state.cells,
      state.threads.map(({ seen }) => seen),
    );
    finals.set(final, Math.min(finals.get(final) ?? Infinity, fewest[i] as number));
  });
  const ends = endingNodes(nodes, codes);
  let hangs = Infinity;
  nodes.forEach((_, i) => {
    if (!ends.has(i)) hangs = Math.min(hangs, fewest[i] as number);
  });
  return { finals, hangs, cycles: hasCycle(nodes), states: nodes.length };
}

/** A walk that always takes the lane that `choose` answers: lanes, and the final state if it ends. */
export function walk(
  codes: readonly Code[],
  cells: number,
  choose: (lanes: readonly number[]) => number,
  stepsMax: number,
): { lanes: number[]; final: string | undefined } {
  let state = initial(codes, cells);
  const lanes: number[] = [];
  while (lanes.length < stepsMax) {
    const able = codes.flatMap((code, lane) => (canStep(code, state, lane) ? [lane] : []));
    if (able.length === 0) break;
    const lane = choose(able);
    lanes.push(lane);
    state = step(codes[lane] as Code, state, lane);
  }
  const final = finalText(
    state.cells,
    state.threads.map(({ seen }) => seen),
  );
  return { lanes, final: isOver(codes, state) ? final : undefined };
}

/** What tells one end from another: memory, and what each thread saw. */
export function finalText(cells: readonly number[], seen: readonly (readonly number[])[]): string {
  return `${cells.join()} | ${seen.map((each) => each.join()).join(' | ')}`;
}

function initial(codes: readonly Code[], cells: number): State {
  const threads = codes.map((code) =>
    settle(code, { at: 0, registers: code.registers.map(() => 0), seen: [] }),
  );
  return { cells: Array.from({ length: cells }, () => 0), holder: -1, threads };
}

function graphOf(codes: readonly Code[], cells: number, statesMax: number): Node[] {
  const known = new Map<string, number>();
  const states: State[] = [];
  const idOf = (state: State): number => {
    const key = keyOf(state);
    let id = known.get(key);
    if (id === undefined) {
      id = states.length;
      if (id >= statesMax) throw new TooLarge(`more than ${statesMax} states`);
      known.set(key, id);
      states.push(state);
    }
    return id;
  };
  idOf(initial(codes, cells));
  const nodes: Node[] = [];
  for (let i = 0; i < states.length; i++) {
    const state = states[i] as State;
    const next = codes.flatMap((code, lane) =>
      canStep(code, state, lane) ? [[lane, idOf(step(code, state, lane))] as const] : [],
    );
    nodes.push({ state, next });
  }
  return nodes;
}

function keyOf({ cells, holder, threads }: State): string {
  const parts = threads.map(
    ({ at, registers, seen }) => `${at}:${registers.join()}:${seen.join()}`,
  );
  return `${cells.join()};${holder};${parts.join(';')}`;
}

function isOver(codes: readonly Code[], { threads }: State): boolean {
  return threads.every(({ at }, lane) => at >= (codes[lane] as Code).list.length);
}

function canStep(code: Code, { holder, threads }: State, lane: number): boolean {
  const each = code.list[(threads[lane] as ThreadState).at];
  return each !== undefined && (each[0] !== 'lock' || holder < 0);
}

/** The operation that a thread is at, and all behind it up to the next. */
function step(code: Code, state: State, lane: number): State {
  const cells = [...state.cells];
  let { holder } = state;
  const thread = state.threads[lane] as ThreadState;
  const registers = [...thread.registers];
  const given = (operand: Operand) => read(code, registers, operand);
  const each = code.list[thread.at] as Code['list'][number];
  const answer = (to: string, cell: number, value: number): void => {
    registers[code.registers.indexOf(to)] = cells[cell] as number;
    cells[cell] = value;
  };
  switch (each[0]) {
    case 'load':
      answer(each[2], each[1], cells[each[1]] as number);
      break;
    case 'store':
      cells[each[1]] = given(each[2]);
      break;
    case 'add':
      answer(each[3], each[1], (cells[each[1]] as number) + given(each[2]));
      break;
    case 'exchange':
      answer(each[3], each[1], given(each[2]));
      break;
    case 'cas': {
      const before = cells[each[1]] as number;
      answer(each[4], each[1], before === given(each[2]) ? given(each[3]) : before);
      break;
    }
    case 'lock':
      holder = lane;
      break;
    case 'unlock':
      holder = -1;
      break;
    default:
      throw new Error(`${each[0]} is no operation`);
  }
  const stepped = settle(code, { at: thread.at + 1, registers, seen: thread.seen });
  return { cells, holder, threads: state.threads.map((t, i) => (i === lane ? stepped : t)) };
}

/** Goes on to the next operation, or the end. @throws Error for a loop without one. */
function settle(code: Code, { at, registers: before, seen: saw }: ThreadState): ThreadState {
  const registers = [...before];
  const seen = [...saw];
  for (let count = 0; count < 100_000; count++) {
    const each = code.list[at];
    if (each === undefined) return { at, registers, seen };
    switch (each[0]) {
      case 'set':
        registers[code.registers.indexOf(each[1])] = read(code, registers, each[2]);
        break;
      case 'count': {
        const i = code.registers.indexOf(each[1]);
        registers[i] = Math.min((registers[i] as number) + 1, each[2]);
        break;
      }
      case 'see':
        seen.push(read(code, registers, each[1]));
        break;
      case 'go':
        at = code.labels.get(each[1]) as number;
        continue;
      case 'if': {
        const [a, b] = [read(code, registers, each[1]), read(code, registers, each[3])];
        const holds = each[2] === '=' ? a === b : each[2] === '!' ? a !== b : a < b;
        if (!holds) break;
        at = code.labels.get(each[4]) as number;
        continue;
      }
      default:
        return { at, registers, seen };
    }
    at++;
  }
  throw new Error('a loop has no operation');
}

function read(code: Code, registers: readonly number[], operand: Operand): number {
  if (typeof operand === 'number') return operand;
  return registers[code.registers.indexOf(operand)] as number;
}

/** By node: the fewest switches away from a thread that could have stepped, on any way there. */
function preemptionsOf(nodes: readonly Node[]): number[] {
  const best = nodes.map(() => new Map<number, number>());
  best[0]?.set(-1, 0);
  let level: (readonly [node: number, last: number])[] = [[0, -1]];
  for (let count = 0; level.length > 0; count++) {
    const dearer: (readonly [number, number])[] = [];
    while (level.length > 0) {
      const [node, last] = level.pop() as readonly [number, number];
      if (best[node]?.get(last) !== count) continue;
      const { next } = nodes[node] as Node;
      const couldStep = next.some(([lane]) => lane === last);
      for (const [lane, to] of next) {
        const cost = count + (couldStep && lane !== last ? 1 : 0);
        const reached = best[to] as Map<number, number>;
        if ((reached.get(lane) ?? Infinity) <= cost) continue;
        reached.set(lane, cost);
        (cost === count ? level : dearer).push([to, lane]);
      }
    }
    level = dearer;
  }
  return best.map((reached) => Math.min(...reached.values()));
}

/** Nodes from which an execution can still end. */
function endingNodes(nodes: readonly Node[], codes: readonly Code[]): Set<number> {
  const before: number[][] = nodes.map(() => []);
  const todo: number[] = [];
  nodes.forEach(({ state, next }, i) => {
    for (const [, to] of next) before[to]?.push(i);
    if (isOver(codes, state)) todo.push(i);
  });
  const ends = new Set(todo);
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    for (const from of before[at] as number[]) {
      if (ends.has(from)) continue;
      ends.add(from);
      todo.push(from);
    }
  }
  return ends;
}

/** Whether taking away nodes to which nothing leads, again and again, leaves some. */
function hasCycle(nodes: readonly Node[]): boolean {
  const into = nodes.map(() => 0);
  for (const { next } of nodes) for (const [, to] of next) into[to] = (into[to] as number) + 1;
  const todo = into.flatMap((count, i) => (count === 0 ? [i] : []));
  let gone = 0;
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    gone++;
    for (const [, to] of (nodes[at] as Node).next) {
      into[to] = (into[to] as number) - 1;
      if (into[to] === 0) todo.push(to);
    }
  }
  return gone < nodes.length;
}
