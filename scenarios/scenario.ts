import type { Param } from '../kernel/param.ts';

/** A named situation to explore: what boots, and with which limits. */
export interface Scenario {
  readonly summary: string;
  /** Children of init, ready to run when the exploration begins. */
  readonly processes: readonly { readonly name: string; readonly argv: readonly string[] }[];
  readonly param?: Partial<Param>;
}
