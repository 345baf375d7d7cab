import { expect, it } from 'vitest';
import { fuzz } from '../fuzz/fuzz.ts';

// Two processes in one slot, and two CPUs find it runnable: the machine cannot go on, and it is the
// kernel that is wrong. Of seeds 20 to 29, at least one comes there with allocproc-apart.
it('a kernel that runs one process on two CPUs is found out, and is no fault of ours', () => {
  const mutants = ['allocproc-apart'];
  const detectors = ['panic'];
  const options = { seed: 20, programs: 10, schedules: 40, mutants, detectors };
  const { findings } = fuzz({ ...options, keepGoing: true, shrink: false });
  expect(findings.map(({ finding }) => finding.title)).toContainEqual(
    expect.stringMatching(/is on CPU \d already/),
  );
});
