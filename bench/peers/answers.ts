/** How often a program ran, as ours.ts and rust/src/main.rs print it. */
export interface Rate {
  readonly executions: number;
  readonly operations: number;
  readonly seconds: number;
  /** Choices between two threads or more, an execution; 0 where the tool does not tell. */
  readonly choices: number;
  /** Most memory that the process had, in MiB; 0 where that is not known. */
  readonly memory: number;
}

/** Counts of executions, in the order of seeds; null for more than the limit, or never. */
export interface Counts {
  readonly counts: readonly (number | null)[];
}
