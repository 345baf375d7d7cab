import { expect, it } from 'vitest';
import { fuzz } from '../../src/fuzz/fuzz.ts';

// Two processes in one slot, and two CPUs find it runnable: the machine cannot go on, and it is the
// kernel that is wrong. Of the first 60 programs, at least one comes there, one way and the other.
it('a kernel that runs one process on two CPUs is found out, and is no fault of ours', () => {
  const mutants = ['allocproc-apart'];
  const detectors = ['panic'];
  const options = { seed: 1, programs: 60, schedules: 40, mutants, detectors };
  const { findings } = fuzz({ ...options, keepGoing: true, shrink: false });
  const titles = findings.map(({ finding }) => finding.title);
  expect(titles).toContainEqual(expect.stringMatching(/is on CPU \d already/));
  expect(titles).toContainEqual(expect.stringMatching(/begins while a CPU runs it/));
});

it('a process on two CPUs that takes no answer for an address has a page fault', () => {
  const options = { seed: 1300, programs: 1, schedules: 40, mutants: ['allocproc-apart'] };
  expect(() => fuzz({ ...options, detectors: ['panic'], shrink: false })).not.toThrow();
});
