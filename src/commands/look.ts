import type { Command } from 'commander';
import { type FindingLook, REPORT_WIDTH, WIDE_WIDTH } from '../report/finding-text.ts';
import type { Shell } from './shell.ts';

/** How the report of a finding is wanted. */
export interface LookOptions {
  readonly wide?: boolean;
  readonly verbose?: boolean;
}

export function addLook(command: Command): void {
  command
    .option('--wide', `make the report ${WIDE_WIDTH} columns wide, not as wide as the terminal`)
    .option('-v, --verbose', 'show more steps in the report, with stacks');
}

export function look({ wide, verbose }: LookOptions, { ink, columns = 0 }: Shell): FindingLook {
  const fits = Math.min(WIDE_WIDTH, Math.max(REPORT_WIDTH, columns));
  return { ink, width: wide ? WIDE_WIDTH : fits, verbose: verbose === true };
}
