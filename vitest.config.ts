import { defineConfig } from 'vitest/config';

const rooms = [
  'machine',
  'riscv',
  'kernel',
  'user',
  'scheduler',
  'traces',
  'detectors',
  'scenarios',
  'src',
];

export default defineConfig({
  test: {
    include: [...rooms, 'property-tests'].map((room) => `${room}/**/*.test.ts`),
    // Forks, because the command-line tests change directory and spawn the built program.
    pool: 'forks',
    // A test explores thousands of interleavings: more workers than cores only make each slower.
    maxWorkers: 2,
    testTimeout: 30_000,
    coverage: {
      include: rooms.map((room) => `${room}/**/*.ts`),
      exclude: ['**/*.test.ts'],
    },
  },
});
