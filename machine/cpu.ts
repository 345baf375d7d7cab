import { invariant } from './invariant.ts';
import { Tlb } from './mmu.ts';
import { Thread } from './thread.ts';

/** Never: for deadlines counted in steps. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** One CPU (a hart): what it runs, its interrupt state, its TLB, its timer. */
export class Cpu {
  readonly id: number;
  readonly tlb = new Tlb();
  /** The timer as something the scheduler can choose: its one operation interrupts this CPU. */
  readonly timer: Thread;

  /** The thread on this CPU; null before power-on, and for a bare thread that ended. */
  thread: Thread | null = null;
  /** sstatus.SIE: whether an interrupt may be taken. */
  interruptsOn = false;
  /** Depth of pushOff nesting (xv6 struct cpu: noff). */
  noff = 0;
  /** Whether interrupts were on before the outermost pushOff (xv6 struct cpu: intena). */
  intena = false;
  /** Lock of the section that it is in, if that is claimed only to look (see ACQUIRE); else 0. */
  looking = 0;
  /** Step from which the timer interrupt is pending. */
  timerAt = NEVER;
  /** Timer interrupts left that come when the scheduler chooses. */
  ticks = 0;
  /** satp: physical page number of the root of the page table in use; 0 for none. */
  root = 0;
  /** Address-space identifier of the table in use. */
  asid = 0;

  constructor(id: number, timerId: number) {
    this.id = id;
    this.timer = new Thread(timerId, `timer ${id}`);
  }

  /** xv6 spinlock.c push_off: like intr_off, but must be matched by popOff. */
  pushOff(): void {
    if (this.noff === 0) this.intena = this.interruptsOn;
    this.interruptsOn = false;
    this.noff++;
  }

  reset(timerAt: number, ticks: number): void {
    invariant(timerAt > 0, 'a timer interrupt is in the future');
    this.tlb.reset();
    this.thread = null;
    this.interruptsOn = false;
    this.noff = 0;
    this.intena = false;
    this.looking = 0;
    this.timerAt = timerAt;
    this.ticks = ticks;
    this.root = 0;
    this.asid = 0;
  }
}
