import type { Kernel } from '../../kernel/kernel.ts';
import type { Param } from '../../kernel/param.ts';
import type { BareProgram } from '../../machine/bare.ts';
import type { MemoryModel } from '../../machine/index.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { UsageError } from '../errors.ts';
import { type Cast, Stage, type Subject } from '../stage/stage.ts';
import { fingerprint } from './fingerprint.ts';
import {
  bootGuest,
  configOfSpec,
  type GuestSpec,
  limitedSpec,
  limitsOfHeader,
  memoryOfHeader,
  scenarioOf,
  specOfHeader,
} from './kernel-spec.ts';

/** A subject, or the specification of one of our programs or scenarios. */
export type Runnable = Subject | GuestSpec;

/** @throws UsageError for what is neither. */
export function subjectOf(what: Runnable): Subject {
  const given: unknown = what;
  const isObject = typeof given === 'object' && given !== null;
  if (!isObject || !('build' in given || 'param' in given)) {
    throw new UsageError('only a program, a scenario or guestSpec(name) can be run');
  }
  return 'build' in what ? what : kernelSubject(what);
}

/** A kernel with a program or scenario. */
export function kernelSubject(spec: GuestSpec): Subject {
  const { program, args, mutants, detectors, own } = spec;
  return {
    guest: 'kernel',
    program,
    args,
    mutants,
    config: configOfSpec(spec),
    detectors,
    isOwn: own !== undefined,
    spec,
    fingerprint: () => (own === undefined ? fingerprint() : `${fingerprint()}/${own.fingerprint}`),
    build: () => castOf(bootGuest(spec)),
  };
}

/**
 * The same subject with other limits and mutants: what is not said stays.
 *
 * @throws UsageError for one that it does not have, or that is out of range.
 */
export function limited(
  subject: Subject,
  limits: Partial<Param>,
  mutants: readonly string[] = subject.mutants,
): Subject {
  if (Object.keys(limits).length === 0 && mutants === subject.mutants) return subject;
  const { spec, program, fingerprint: version, detectors, file, source, site } = subject;
  if (spec !== undefined) {
    const other = kernelSubject(limitedSpec(spec, limits, mutants));
    return { ...other, program, fingerprint: version, detectors, file, source, site };
  }
  const { stepsMax, ...others } = limits;
  const [name] = Object.keys(others);
  if (name !== undefined)
    throw new UsageError(`${name} is a kernel limit; ${program} is a bare program`);
  if (mutants.length > 0)
    throw new UsageError(`mutants are of the kernel; ${program} is a bare program`);
  if (stepsMax === undefined) return subject;
  return { ...subject, config: { ...subject.config, stepsMax } };
}

/** The same subject on a machine whose memory orders stores so. */
export function withMemory(subject: Subject, memory: MemoryModel): Subject {
  if (memory === (subject.config.memory ?? 'sc')) return subject;
  const { spec, program, fingerprint: version, detectors, file, source } = subject;
  if (spec !== undefined) {
    const { memory: _, ...strict } = spec;
    const other = kernelSubject(memory === 'sc' ? strict : { ...strict, memory });
    return { ...other, program, fingerprint: version, detectors, file, source };
  }
  const { memory: _, ...config } = subject.config;
  return { ...subject, config: memory === 'sc' ? config : { ...config, memory } };
}

/** What a trace was made from, where its header alone says it. @throws UsageError where not. */
export function subjectOfHeader(header: TraceHeader): Subject {
  if (header.guest === 'kernel') return kernelSubject(specOfHeader(header));
  if (header.guest === 'elf') {
    throw new UsageError(
      'the trace is of a kernel in a file: only replay, show and diff take such traces so far',
    );
  }
  throw new UsageError(
    `the trace is of ${header.program}, a user's program: name its file with --subject FILE`,
  );
}

/** A subject with the limits, mutants and detectors that a trace of it was made with. */
export function subjectAsRun(subject: Subject, header: TraceHeader): Subject {
  if (subject.guest !== header.guest) {
    throw new UsageError(`the trace is of another program: ${header.program}`);
  }
  const { detectors } = header.config;
  const { stepsMax, ...limits } = limitsOfHeader(header);
  const steps = stepsMax === undefined ? {} : { stepsMax };
  const same = subject.guest === 'kernel' ? { ...limits, ...steps } : steps;
  const names =
    typeof detectors === 'string' ? detectors.split(' ').filter((each) => each !== '') : undefined;
  const weak = withMemory(limited(subject, same, header.mutants), memoryOfHeader(header));
  return { ...weak, detectors: names };
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
