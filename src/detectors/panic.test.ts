import { expect, it } from 'vitest';
import { fuzz } from '../fuzz/fuzz.ts';

// Two processes in one slot, and two CPUs find it runnable: the machine cannot go on, and it is the
// kernel that is wrong. Of seeds 30 to 59, at least one comes there, one way and the other, with allocproc-apart.
it('a kernel that runs one process on two CPUs is found out, and is no fault of ours', () => {
  const mutants = ['allocproc-apart'];
  const detectors = ['panic'];
  const options = { seed: 30, programs: 30, schedules: 40, mutants, detectors };
  const { findings } = fuzz({ ...options, keepGoing: true, shrink: false });
  const titles = findings.map(({ finding }) => finding.title);
  expect(titles).toContainEqual(expect.stringMatching(/is on CPU \d already/));
  expect(titles).toContainEqual(expect.stringMatching(/begins while a CPU runs it/));
});
