import { check } from '../../detectors/check.ts';
import type { DetectorKind, Withdrawn } from '../../detectors/detector.ts';
import { exception } from '../../detectors/exception.ts';
import type { Finding } from '../../detectors/finding.ts';
import { DETECTORS } from '../../detectors/index.ts';
import { type Model, type OutcomeValue, outcomeOf } from '../../detectors/model.ts';
import { Watched } from '../../detectors/watched.ts';
import { Watcher } from '../../detectors/watcher.ts';
import { panic } from '../../detectors/xv6/panic.ts';
import type { KernelEvents } from '../../kernel/events.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { BareProgram } from '../../machine/bare.ts';
import { type Ending, invariant, type Machine, ProgramError } from '../../machine/index.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { UsageError } from '../errors.ts';
import type { ScriptSite } from '../loops/dropped.ts';
import type { GuestSpec } from '../subject/kernel-spec.ts';
import { digestOf } from './digest.ts';
import { ProcessesSaid } from './processes-said.ts';

/**
 * What can be run, explored, replayed, shrunk and explained: a description, from which a stage with
 * the same beginning can be built again and again.
 */
export interface Subject {
  /** As in a trace's header: a kernel with its processes, or threads without a kernel. */
  readonly guest: 'kernel' | 'bare';
  /** What a trace calls it: a program or scenario of ours, a file, or what its author named it. */
  readonly program: string;
  readonly args: readonly string[];
  readonly mutants: readonly string[];
  /** Limits, by name, as a trace keeps them. */
  readonly config: Readonly<Record<string, number | string>>;
  /** Names of the detectors that watch; undefined for all. */
  readonly detectors?: readonly string[] | undefined;
  /** Whether a user wrote its code: what that throws is a finding, and it may not be deterministic. */
  readonly isOwn: boolean;
  /** The file and the export that it was loaded from, as `loadSubject` takes it. */
  readonly file?: string | undefined;
  /** SHA-256 of that file's text. */
  readonly source?: string | undefined;
  /** The script that describes it, where a user wrote it. */
  readonly site?: ScriptSite | undefined;
  /** Of a kernel: what it boots. */
  readonly spec?: GuestSpec;
  /** Names the version of its code. */
  fingerprint(): string;
  /** Makes it anew, for a stage. @throws UsageError for what cannot be. */
  build(): Cast;
}

/** How one execution went. */
export interface Outcome {
  /** 'found' when a detector or a panic ended it. */
  readonly ending: Ending | 'found';
  readonly finding: Finding | undefined;
  /** What detectors could not decide, a line each; left out when there is nothing to say. */
  readonly notes?: readonly string[];
  /** What a search took for granted, wrongly; left out when it is nothing. */
  readonly withdrawn?: readonly Withdrawn[];
}

/** Who watches a stage's executions; what is left out costs nothing, but for the detectors. */
export interface Watching {
  /** All, if left out; those of what is thrown are always there. */
  readonly detectors?: readonly DetectorKind[];
  /** Told what a kernel does. */
  readonly events?: KernelEvents | null;
  /** Whether events are told of locks, too. */
  readonly locks?: boolean;
}

/** What runs on a stage: a kernel, or a model. */
export interface Cast {
  readonly kernel?: Kernel;
  readonly scenario?: Scenario | undefined;
  readonly model?: Model;
}

/** A subject that is built: its machine, and how to execute it again and again. */
export class Stage {
  readonly subject: Subject;
  readonly machine: Machine;
  /** Undefined for threads without a kernel. */
  readonly kernel: Kernel | undefined;
  /** Those threads; undefined for a kernel. */
  readonly program: BareProgram | undefined;
  /** Lanes are 0..lanes-1. */
  readonly lanes: number;
  private readonly model: Model | undefined;
  /** Of a kernel whose scenario has an outcome. */
  private readonly said: ProcessesSaid | undefined;
  private readonly guest: Watched;
  private watcher: Watcher | undefined;

  /** @throws UsageError for what cannot be built. */
  constructor(subject: Subject) {
    const { kernel, scenario, model } = subject.build();
    const machine = kernel?.m ?? model?.program.machine;
    invariant(machine !== undefined, 'a stage has a kernel or a program');
    this.subject = subject;
    this.machine = machine;
    this.kernel = kernel;
    this.program = model?.program;
    this.model = model;
    if (kernel !== undefined && scenario?.outcome !== undefined) {
      this.said = new ProcessesSaid(kernel, scenario.processes.length, scenario.outcome);
    }
    const isPlain = kernel === undefined && machine.buffers === null;
    this.lanes = isPlain ? machine.cpus.length : machine.lanes;
    this.guest = new Watched(machine, { kernel, scenario, model, isOwn: subject.isOwn });
  }

  /** An error whose stack says where a thread without a kernel was described. */
  described(thread: string): Error | undefined {
    return this.model?.described?.get(thread);
  }

  /** Told what the guest prints; threads without a kernel print nothing. */
  set onPrint(print: ((text: string) => void) | null) {
    if (this.said !== undefined) this.said.onPrint = print;
    else if (this.kernel !== undefined) this.kernel.onPrint = print;
  }

  /** Those of these detectors that can never see anything here. */
  blind(kinds: readonly DetectorKind[]): readonly DetectorKind[] {
    // Whoever wants only the check, and has none yet, wants an end without any other finding.
    const mayCheck = (kind: DetectorKind): boolean => kind === check && this.model !== undefined;
    return kinds.filter((kind) => !mayCheck(kind) && kind.make(this.guest) === undefined);
  }

  /** From now on nobody is told of anything, detectors apart. */
  hush(): void {
    this.kernel?.listen(null, false, null);
    this.onPrint = null;
    this.machine.onSwitch = null;
  }

  /**
   * Attaches detectors, in place of those before, and whoever listens. Call it once, then `execute`
   * as often as wanted: what detectors learn over executions stays.
   */
  watch({ detectors = DETECTORS, events = null, locks = false }: Watching = {}): void {
    const { kernel, machine } = this;
    kernel?.listen(events, locks, null);
    // Detectors learn from the state that executions begin with, not from how the last one ended.
    kernel?.reset();
    this.watcher = new Watcher(this.guest, withThrown(detectors));
    machine.observer = this.watcher;
    if (kernel !== undefined) kernel.watch = this.watcher;
  }

  /**
   * One execution from the end of set-up, watched by the detectors that `watch` attached.
   *
   * @throws InternalError and whatever else is not the guest's doing; an InternalError about a
   *   detector names it. UsageError when a user's thread breaks the contract of its operations, and
   *   ProgramError when another does. UsageError for a seed that is no safe integer.
   */
  execute(strategy: Strategy, seed: number): Outcome {
    const { watcher } = this;
    if (!Number.isSafeInteger(seed)) {
      throw new UsageError(`a seed is a whole number of less than 2^53, not ${String(seed)}`);
    }
    invariant(watcher !== undefined, 'a stage is watched before it is executed');
    strategy.begin(seed, this.lanes);
    watcher.begin();
    try {
      const ending = this.run(strategy);
      const finding = watcher.ended(ending);
      return { ending, finding, ...watcher.remarks() };
    } catch (error) {
      return { ending: 'found', finding: this.explain(watcher, error) };
    }
  }

  /**
   * An execution once more with nobody watching, to its end: what comes after a finding. A bare
   * thread that throws just ends: a search has to see what the others do.
   *
   * @param strategy makes the same choices, and others from there on
   * @returns what bare threads threw, in the order in which they did
   */
  finish(strategy: Strategy, seed: number): readonly Finding[] {
    const { kernel, machine, watcher } = this;
    const { observer } = machine;
    const thrown: Finding[] = [];
    machine.observer = null;
    if (kernel !== undefined) kernel.watch = null;
    else if (watcher !== undefined) {
      machine.onThrow = (error) => thrown.push(this.explain(watcher, error)) > 0;
    }
    strategy.begin(seed, this.lanes);
    try {
      this.run(strategy);
      // It did not end in the way that it would have by itself.
      if (thrown.length > 0) machine.ending = null;
    } catch {
      // What a kernel throws behind its first finding ends it, and is no second one.
    } finally {
      machine.observer = observer;
      machine.onThrow = null;
      if (kernel !== undefined) kernel.watch = this.watcher ?? null;
    }
    return thrown;
  }

  private explain(watcher: Watcher, error: unknown): Finding {
    const { isOwn, program } = this.subject;
    try {
      return watcher.explain(error);
    } catch (cause) {
      if (!isOwn || !(cause instanceof ProgramError)) throw cause;
      throw new UsageError(`${program}: ${cause.message}`, { cause });
    }
  }

  private run(strategy: Strategy): Ending {
    const { kernel, model } = this;
    this.said?.begin();
    if (kernel !== undefined) return kernel.run(strategy);
    return (model as Model).program.run(strategy);
  }

  /** Digest of memory now, as traces write it; equal digests are taken for equal states. */
  digest(): string {
    return digestOf(this.machine);
  }

  /** Whether executions have values. */
  get hasOutcome(): boolean {
    return this.model?.outcome !== undefined || this.said !== undefined;
  }

  /**
   * The value of the last execution, if it halted and its author said what that is.
   *
   * @throws UsageError when the author's code throws.
   */
  outcome(): OutcomeValue | undefined {
    if (this.machine.ending !== 'halted') return undefined;
    try {
      return this.model === undefined ? this.said?.outcome() : outcomeOf(this.model);
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      throw new UsageError(error.message, { cause: error });
    }
  }
}

/** An execution whose code throws has no other end. */
function withThrown(kinds: readonly DetectorKind[]): readonly DetectorKind[] {
  return [...kinds, ...[panic, exception].filter((kind) => !kinds.includes(kind))];
}
