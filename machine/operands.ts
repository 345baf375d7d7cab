/** Operands of operations that are addresses or codes. */

/** Index of a 32-bit word in physical memory; kernel data and frames share one numbering. */
export type Address = number;

/** Operand b of a LOAD that is meant to race. */
export const MARKED = 1;
/** Operand b of a RELEASE whose store comes before its fence. */
export const BEFORE_FENCE = 1;
/** Operand b of a LOAD of an atomic cell. */
export const ATOMIC = 2;
/** Operand a of a WFI that takes a thread. */
export const TAKES = 1;
/** Operand b of an SFENCE for all CPUs. */
export const EVERY_CPU = 1;
