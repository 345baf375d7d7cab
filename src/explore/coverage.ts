/** What an exploration told apart: the exact claim of its verdict. */
export interface Coverage {
  /** Seeded executions, all interleavings, or all orders of operations that do not commute. */
  readonly kind: 'sampled' | 'interleavings' | 'traces';
  /** Preemptions at most; undefined for any number. */
  readonly preemptions?: number | undefined;
  /** Names of what was in focus: choices were made at no other operations. */
  readonly focus?: readonly string[] | undefined;
  /** Names of those whose critical sections were taken to commute. */
  readonly commuting?: readonly string[] | undefined;
  /** Whether a kernel ran without timer interrupts. */
  readonly untimed?: boolean | undefined;
  /** Timer interrupts at most, each at any operation of any CPU where they are on. */
  readonly interrupts?: number | undefined;
  /** Whether idle CPUs of a kernel waited and took processes in turn, without scanning for them. */
  readonly inTurn?: boolean | undefined;
  /** How memory ordered stores, if not at once. */
  readonly memory?: string | undefined;
}

/** In words: `every order of operations with at most 2 preemptions and with switches at shm only`. */
export function coverageText(coverage: Coverage): string {
  const { kind, preemptions, focus, commuting, untimed, interrupts, inTurn } = coverage;
  const { memory } = coverage;
  const buffers = memory === undefined ? [] : [`stores wait in the buffers of ${memory}`];
  if (kind === 'sampled') return ['a sample of schedules', ...buffers].join('; ');
  const all = kind === 'traces' ? 'every order of operations' : 'every interleaving';
  const within: string[] = [];
  if (preemptions !== undefined) within.push(`with at most ${preemptionsText(preemptions)}`);
  if (focus !== undefined) within.push(`with switches at ${focus.join(', ')} only`);
  const text = within.length === 0 ? all : `${all} ${within.join(' and ')}`;
  const but: string[] = [...buffers];
  if (commuting !== undefined)
    but.push(`orders that differ only in ${commuting.join(', ')} count as one`);
  if (inTurn === true) but.push('idle CPUs take processes in turn');
  if (interrupts !== undefined) but.push('one timer interrupt at most');
  if (untimed === true) but.push('no timer interrupts');
  return but.length === 0 ? text : `${text} (${but.join('; ')})`;
}

function preemptionsText(count: number): string {
  if (count === 0) return '0 preemptions';
  return count === 1 ? '1 preemption' : `${count} preemptions`;
}
