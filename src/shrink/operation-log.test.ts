import { expect, it } from 'vitest';
import { BareProgram } from '../../machine/bare.ts';
import type { Observer } from '../../machine/index.ts';
import type { Stage } from '../stage/stage.ts';
import { OperationLog } from './operation-log.ts';

it('whoever watches besides the log is told of each store that leaves a buffer', () => {
  const program = new BareProgram(
    ({ cell, thread }) => {
      const x = cell('x');
      thread('a', function* () {
        x.store(1) ?? (yield);
        x.store(2) ?? (yield);
      });
    },
    { memory: 'tso' },
  );
  const { machine } = program;
  const told: (readonly [cpu: number, value: number])[] = [];
  machine.observer = {
    performed: () => undefined,
    accessed: () => undefined,
    drained: (cpu, _address, value) => told.push([cpu, value]),
    switching: () => undefined,
  } satisfies Observer;
  const log = new OperationLog({ machine, kernel: undefined } as unknown as Stage, [], 0, 100);
  log.begin(0, machine.lanes);
  expect(program.run(log)).toBe('halted');
  expect(told).toEqual([
    [0, 1],
    [0, 2],
  ]);
});
