import { InternalError, ProgramError } from '../machine/index.ts';
import type { DetectorKind } from './detector.ts';
import { messageOf } from './model.ts';
import { ownPlace } from './own-code.ts';

/** Rooms whose code throws for reasons of ours: no test, and no example. */
const OURS = /^(machine|kernel|scheduler|traces|detectors|src)[\\/](?!.*\.test\.)/;

/**
 * Code of a user's that throws: an assertion of a thread's, most of all. Not what the machine throws
 * when a thread breaks the contract of its operations, and nothing that code of ours throws: those
 * are no findings. Always on. Costs nothing.
 */
export const exception: DetectorKind = {
  name: 'exception',
  summary: "a user's thread or program threw",
  make: (guest) => {
    if (!guest.isOwn) return undefined;
    return {
      name: 'exception',
      threw(error) {
        if (!isOfUser(error)) return undefined;
        const title = `${guest.m.current.name} throws: ${messageOf(error)}`;
        return { detector: 'exception', title, detail: [], step: guest.m.step };
      },
    };
  },
};

function isOfUser(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  if (error instanceof InternalError || error instanceof ProgramError) return false;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s*at /.test(line));
  return !OURS.test(ownPlace(frames[0] ?? '') ?? '');
}
