import { areas } from './buggy/areas.ts';
import { files as fileMistakes } from './buggy/files.ts';
import { ipc } from './buggy/ipc.ts';
import { life } from './buggy/life.ts';
import { mappings } from './buggy/mappings.ts';
import { objects } from './buggy/objects.ts';
import { scarcity } from './buggy/scarcity.ts';
import { unsynchronised } from './buggy/unsynchronised.ts';
import { files } from './correct/files.ts';
import { lifecycle } from './correct/lifecycle.ts';
import { memory } from './correct/memory.ts';
import { opening } from './correct/opening.ts';
import { posix } from './correct/posix.ts';
import { shortage } from './correct/shortage.ts';
import { synchronisation } from './correct/synchronisation.ts';
import { sysv } from './correct/sysv.ts';
import type { Scenario } from './scenario.ts';

export type { Scenario } from './scenario.ts';

/** Every scenario by name. Names differ from those of programs. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...opening,
  ...lifecycle,
  ...shortage,
  ...files,
  ...memory,
  ...synchronisation,
  ...sysv,
  ...posix,
  ...objects,
  ...mappings,
  ...areas,
  ...life,
  ...scarcity,
  ...fileMistakes,
  ...unsynchronised,
  ...ipc,
};
