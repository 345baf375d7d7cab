/** Guest code broke the machine's contract with it: a bug in that code, not in the machine. */
export class ProgramError extends Error {
  override readonly name: string = 'ProgramError';
}

/** A thread lets go a mutex that it does not hold. */
export class NotHolder extends ProgramError {}

/** A kernel switches to a thread that was never switched out: one process on two CPUs. */
export class RunsAlready extends ProgramError {}
