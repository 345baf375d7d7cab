import type { Scenario } from './scenario.ts';

export type { Scenario } from './scenario.ts';

/** Every scenario by name. Names differ from those of programs. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {};
