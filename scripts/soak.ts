/**
 * npm run soak -- [--executions 100000] [--max-time 600] [--first-seed 1] [--memory sc]
 *
 * Executes all programs and scenarios with seeds of their own, on 1, 2, 4 and 8 CPUs, under every
 * fair strategy, until the count or the time (in seconds) is reached. Exits with 1, and the command that
 * shows it again, when anything is found: the kernel has a bug, or a detector.
 */
import { parseArgs } from 'node:util';
import { MEMORY_MODELS } from '../machine/index.ts';
import { type SoakResult, soak } from '../property-tests/soak.ts';

const BATCH = 40;
const PROGRESS_MILLISECONDS = 5000;

const { values } = parseArgs({
  options: {
    executions: { type: 'string', default: '100000' },
    'max-time': { type: 'string', default: '0' },
    'first-seed': { type: 'string', default: '1' },
    memory: { type: 'string', default: 'sc' },
  },
});

function count(text: string, name: string): number {
  const value = Number(text);
  if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} is a whole number, not ${text}`);
  process.exit(2);
}

const executions = count(values.executions, 'executions');
const secondsMax = count(values['max-time'], 'max-time');
const firstSeed = count(values['first-seed'], 'first-seed');
const memory = MEMORY_MODELS.find((model) => model === values.memory);
if (memory === undefined) {
  console.error(`--memory is ${MEMORY_MODELS.join(', ')}, not ${values.memory}`);
  process.exit(2);
}
const start = performance.now();
let printed = start;

function line(so: SoakResult): string {
  const seconds = (performance.now() - start) / 1000;
  const done = `${so.executions.toLocaleString('en')} of ${executions.toLocaleString('en')}`;
  const rates = `${(so.executions / seconds).toFixed(0)} executions/s`;
  const operations = `${(so.operations / seconds / 1e6).toFixed(2)} M operations/s`;
  return `${done} executions in ${seconds.toFixed(0)} s, ${rates}, ${operations}`;
}

const result = soak({
  executions,
  batch: BATCH,
  firstSeed,
  memory,
  onBatch(so) {
    const now = performance.now();
    if (now - printed >= PROGRESS_MILLISECONDS) {
      printed = now;
      console.log(line(so));
    }
    return secondsMax === 0 || now - start < secondsMax * 1000;
  },
});

console.log(line(result));
const { mishap } = result;
if (mishap === undefined) {
  console.log('nothing found');
} else {
  console.log(`found: ${mishap.title}`);
  for (const detail of mishap.detail) console.log(`  ${detail}`);
  console.log(`again: ${mishap.command}`);
  process.exitCode = 1;
}
