import type { Finding } from '../../detectors/finding.ts';
import type { KernelEvents } from '../../kernel/events.ts';
import { Profiler } from '../../scheduler/profile.ts';
import { makeStrategy, STRATEGIES } from '../../scheduler/strategies.ts';
import type { Strategy } from '../../scheduler/strategy.ts';
import { UsageError } from '../errors.ts';
import { selectDetectors } from '../select-detectors.ts';
import { Stage, type Watching } from '../stage/stage.ts';
import type { GuestSpec } from '../subject/kernel-spec.ts';
import { kernelSubject } from '../subject/subject.ts';
import { finish, type Work } from './work.ts';

/** An execution in which something was found. */
export interface Hit {
  readonly spec: GuestSpec;
  readonly finding: Finding;
  /** As on the command line. */
  readonly strategy: string;
  readonly seed: number;
  /** Executions before it on the same stage, which its detector may have learnt from. */
  readonly before: number;
}

/** What the schedules of one program came to. */
export interface Attempt {
  readonly executions: number;
  readonly operations: number;
  /** Executions that an unfair strategy kept from ending. */
  readonly abandoned: number;
  readonly hit: Hit | undefined;
}

export interface Attempting {
  /** As on the command line. */
  readonly strategy: string;
  /** Of the first schedule; each further one has the next. */
  readonly seed: number;
  readonly schedules: number;
  /** Told what the kernel does in the first execution. */
  readonly events?: KernelEvents;
}

/**
 * Executes one schedule after another until something is found. A first execution only counts what
 * is done, for strategies that are made with counts: they then take turns. What its detectors see, the
 * others see too. Where an allocation fails, it is a later one in each schedule, on a stage of its
 * own: there are more allocations than schedules matter for.
 *
 * @throws UsageError for a strategy or detector that does not exist.
 */
export function* attempt(
  spec: GuestSpec,
  { strategy, seed, schedules, events }: Attempting,
): Work<Attempt> {
  const { param } = spec;
  const stage = staged(spec, { events: events ?? null });
  const profiler = new Profiler();
  stage.execute(profiler, seed);
  stage.watch({ detectors: selectDetectors(spec.detectors) });
  const strategies = strategiesOf(strategy, profiler);
  let operations = 0;
  let abandoned = 0;
  for (let n = 0; n < schedules; n++) {
    const turn = strategies[n % strategies.length] as Strategy;
    const tried = n === 0 || param.kallocFailsAt === 0 ? spec : failingLater(spec, n);
    const its = tried === spec ? stage : staged(tried, {});
    const { finding } = its.execute(turn, seed + n);
    operations += its.machine.step;
    yield its.machine.step;
    if (finding === undefined) continue;
    if (finding.detector === 'endless' && !isFair(turn)) {
      abandoned++;
      continue;
    }
    const hit = { spec: tried, finding, strategy: turn.name, seed: seed + n, before: n };
    return { executions: n + 1, operations, abandoned, hit };
  }
  return { executions: schedules, operations, abandoned, hit: undefined };
}

function staged(spec: GuestSpec, watching: Watching): Stage {
  const stage = new Stage(kernelSubject(spec));
  stage.watch({ detectors: selectDetectors(spec.detectors), ...watching });
  return stage;
}

function failingLater(spec: GuestSpec, n: number): GuestSpec {
  const kallocFailsAt = spec.param.kallocFailsAt + n;
  return { ...spec, param: { ...spec.param, kallocFailsAt } };
}

/** A strategy that was given its options is taken as it is. */
function strategiesOf(name: string, profiler: Profiler): readonly Strategy[] {
  const kind = STRATEGIES.get(name);
  if (kind?.profiled !== undefined) return kind.profiled(profiler.profile());
  const strategy = makeStrategy(name);
  if (strategy === undefined) throw new UsageError(`no strategy ${name}`);
  return [strategy];
}

function isFair({ name }: Strategy): boolean {
  return STRATEGIES.get(name.split(':')[0] ?? '')?.fair ?? true;
}

/** Whether a hit is seen without the executions before it. */
export function standsAlone({ spec, finding, strategy, seed }: Hit): boolean {
  const { hit } = finish(attempt(spec, { strategy, seed, schedules: 1 }));
  return hit?.finding.detector === finding.detector;
}
