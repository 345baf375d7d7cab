import { type BareOptions, BareProgram, type Parts } from '../../machine/bare.ts';
import type { Task } from '../../machine/more-parts.ts';
import type { Code } from '../../machine/thread.ts';

/** Notes what a thread saw, for the outcome: for example the value of a register at its end. */
export type See = (what: string, value: number) => void;

export interface ModelParts extends Omit<Parts, 'thread' | 'task'> {
  thread(name: string, code: (see: See) => Code): void;
  task(name: string, code: (see: See) => Code): Task;
}

/** A bare program, and what its threads saw in the execution that ran last. */
export interface Model {
  readonly program: BareProgram;
  /** For example `p1 r=0, p2 r=1`. Notes of one thread stand in the order in which it made them. */
  outcome(): string;
}

/** A bare program whose threads may note what they see. */
export function model(build: (parts: ModelParts) => void, options: BareOptions = {}): Model {
  const seen = new Map<string, string[]>();
  const tasks: string[] = [];
  const seeing =
    (name: string, code: (see: See) => Code): (() => Code) =>
    () => {
      // Called when it begins in an execution: forgets what the last one saw.
      const notes: string[] = [];
      seen.set(name, notes);
      return code((what, value) => notes.push(`${name} ${what}=${value}`));
    };
  const program = new BareProgram((parts) => {
    build({
      ...parts,
      thread: (name, code) =>
        parts.thread(name, () => {
          // Threads are made before any task begins, and a task that never does sees nothing.
          for (const each of tasks) seen.set(each, []);
          return seeing(name, code)();
        }),
      task: (name, code) => {
        tasks.push(name);
        return parts.task(name, seeing(name, code));
      },
    });
  }, options);
  return { program, outcome: () => [...seen.values()].flat().join(', ') };
}
