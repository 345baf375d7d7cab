import { type OutcomeValue, valueFrom } from '../../detectors/model.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Scenario } from '../../scenarios/scenario.ts';

/** What the processes of a scenario print and exit with, for its outcome. */
export class ProcessesSaid {
  /** Told what is printed, too; null for nobody. */
  onPrint: ((text: string) => void) | null = null;
  private output = '';
  private readonly statuses: (number | undefined)[];
  private readonly tell: NonNullable<Scenario['outcome']>;

  /** @param count initial processes, pids 2, 3, … */
  constructor(kernel: Kernel, count: number, tell: NonNullable<Scenario['outcome']>) {
    this.tell = tell;
    this.statuses = new Array(count).fill(undefined);
    kernel.onPrint = (text) => {
      this.output += text;
      this.onPrint?.(text);
    };
    kernel.onExit = (pid, status) => {
      if (pid >= 2 && pid < 2 + count) this.statuses[pid - 2] = status;
    };
  }

  /** Before each execution. */
  begin(): void {
    this.output = '';
    this.statuses.fill(undefined);
  }

  /** Of the execution that has halted. @throws ProgramError when the author's code throws. */
  outcome(): OutcomeValue {
    return valueFrom(() => this.tell(this.output, [...this.statuses]));
  }
}
