/** Every user program, by the name that exec and the command line know. */
import type { Program } from '../ulib.ts';
import { init } from './init.ts';
import { shmtest } from './shmtest.ts';

export interface ProgramEntry {
  readonly summary: string;
  /** Arguments, as a usage line shows them. */
  readonly usage: string;
  readonly program: Program;
}

export const PROGRAMS: Readonly<Record<string, ProgramEntry>> = {
  init: { summary: 'waits for all other processes, then halts', usage: '', program: init },
  shmtest: {
    summary: 'processes fill slices of one object, which is then verified',
    usage: 'NAME SIZE NPROC',
    program: shmtest,
  },
};
