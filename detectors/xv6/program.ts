import type { Kernel } from '../../kernel/kernel.ts';
import type { Ending } from '../../machine/index.ts';
import type { Detector, DetectorKind } from '../detector.ts';
import type { About, Finding } from '../finding.ts';
import type { Claim, Watched } from '../watched.ts';
import { forKernel } from './for-kernel.ts';

/**
 * What a scenario's own programs say: what the scenario claims of the output holds; of one that
 * claims nothing, each process that it starts ends with status 0, so it neither saw something wrong
 * nor was killed. Of programs that are no scenario, only scripts are believed: no step answers what
 * it must not. Asked only when nothing else was found. Assumes the scenario's own limits: run with
 * less memory or smaller tables, a program may fail in the right, and is reported all the same.
 * Silent while the configuration makes an allocation fail. Costs nothing but keeping what is printed.
 */
class ProgramVerdict implements Detector {
  readonly name = 'program';
  private readonly guest: Watched;
  private readonly scenario: Claim;
  private output = '';
  /** The last output that held: mostly it is the same again. */
  private held: string | undefined;
  private failed: { pid: number; name: string; how: string; step: number } | undefined;

  constructor(guest: Watched, scenario: Claim) {
    this.guest = guest;
    this.scenario = scenario;
  }

  begin(): void {
    this.output = '';
    this.failed = undefined;
  }

  printed(text: string): void {
    this.output += text;
  }

  exiting(pid: number, status: number, wasKilled: boolean): void {
    const process = this.scenario.processes[pid - 2];
    if (process === undefined || status === 0 || this.failed !== undefined) return;
    const how = wasKilled ? 'was killed' : `ended with status ${status}`;
    this.failed = { pid, name: process.name, how, step: this.guest.m.step };
  }

  ended(ending: Ending): Finding | undefined {
    if (ending !== 'halted') return undefined;
    const { holds } = this.scenario;
    if (holds === undefined && this.failed !== undefined) {
      const { pid, name, how, step } = this.failed;
      return {
        detector: this.name,
        title: `pid ${pid} ${name} ${how}`,
        detail: this.lines(),
        step,
        about: this.about(),
      };
    }
    if (holds === undefined || this.output === this.held) return undefined;
    const wrong = holds(this.output);
    if (wrong === undefined) {
      this.held = this.output;
      return undefined;
    }
    const title = wrong.split('\n')[0] ?? '';
    return {
      detector: this.name,
      title,
      detail: this.lines(),
      step: this.guest.m.step,
      about: this.about(),
    };
  }

  /** Who writes to the console has its lock. */
  private about(): About {
    const { kernel } = this.guest;
    return kernel === undefined ? {} : { related: [kernel.console.writing.locked] };
  }

  private lines(): string[] {
    return this.output.split('\n').filter((line) => line !== '');
  }
}

export const program: DetectorKind = {
  name: 'program',
  summary: "a scenario's program saw something wrong, or the scenario's claim does not hold",
  make: forKernel((guest, k: Kernel) => {
    const { scenario } = guest;
    if (k.param.kallocFailsAt > 0) return NOTHING;
    return new ProgramVerdict(guest, scenario ?? SCRIPTS);
  }),
};

/** What is said of programs that are no scenario: a script's steps say themselves what is right. */
const SCRIPTS: Claim = {
  processes: [],
  holds: (output) => /^script: .* answered .*$/m.exec(output)?.[0],
};

const NOTHING: Detector = { name: 'program' };
