/**
 * npm run golden
 *
 * Records the golden traces anew. Only for a change that is meant to change executions or the
 * format: say in the commit what changed, and why.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GOLDEN, record } from '../property-tests/golden-runs.ts';

const FOLDER = 'traces/golden';

mkdirSync(FOLDER, { recursive: true });
for (const [name, what] of Object.entries(GOLDEN)) {
  const path = join(FOLDER, `${name}.xrt`);
  const bytes = record(what());
  const same = existsSync(path) && readFileSync(path).equals(bytes);
  if (!same) writeFileSync(path, bytes);
  console.log(`${path}: ${bytes.length} bytes, ${same ? 'as before' : 'written'}`);
}
