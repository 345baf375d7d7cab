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
    // For a test that hangs. A busy machine makes none fail: CI ends what takes too long as a whole.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    coverage: {
      include: rooms.map((room) => `${room}/**/*.ts`),
      exclude: ['**/*.test.ts'],
    },
  },
});
