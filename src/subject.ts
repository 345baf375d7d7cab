import type { Kernel } from '../kernel/kernel.ts';
import type { BareProgram } from '../machine/bare.ts';
import type { TraceHeader } from '../traces/trace.ts';
import { UsageError } from './errors.ts';
import { fingerprint } from './fingerprint.ts';
import { bootGuest, configOfSpec, type GuestSpec, scenarioOf, specOfHeader } from './guest.ts';
import { type Cast, Stage, type Subject } from './stage.ts';

/** A subject, or the specification of one of our programs or scenarios. */
export type Runnable = Subject | GuestSpec;

export function subjectOf(what: Runnable): Subject {
  return 'build' in what ? what : kernelSubject(what);
}

/** A kernel with a program or scenario. */
export function kernelSubject(spec: GuestSpec): Subject {
  const { program, args, mutants, detectors } = spec;
  return {
    guest: 'kernel',
    program,
    args,
    mutants,
    config: configOfSpec(spec),
    detectors,
    isOwn: false,
    spec,
    fingerprint,
    build: () => castOf(bootGuest(spec)),
  };
}

/** What a trace was made from, where its header alone says it. @throws UsageError where not. */
export function subjectOfHeader(header: TraceHeader): Subject {
  if (header.guest === 'kernel') return kernelSubject(specOfHeader(header));
  throw new UsageError(`the trace is of ${header.program}, a program that must be given with it`);
}

/** The stage of a kernel or of bare threads that somebody built by hand. */
export function stageOf(what: Kernel | BareProgram): Stage {
  const isKernel = 'm' in what;
  return new Stage({
    guest: isKernel ? 'kernel' : 'bare',
    program: '',
    args: [],
    mutants: [],
    config: {},
    isOwn: false,
    fingerprint: () => '',
    build: () => (isKernel ? castOf(what) : { model: { program: what } }),
  });
}

function castOf(kernel: Kernel): Cast {
  return { kernel, scenario: scenarioOf(kernel) };
}
