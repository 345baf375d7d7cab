import type { Choice, TraceEvent, TraceHeader } from '../../traces/trace.ts';
import { clip, plural, printable, quoted } from './text.ts';

/** Page-fault causes of scause (RISC-V privileged specification). */
const FAULTS: Readonly<Record<number, string>> = {
  4: 'misaligned load',
  6: 'misaligned store',
  12: 'instruction page fault',
  13: 'load page fault',
  15: 'store page fault',
};

/** Columns before what happened: step, CPU, pid. */
const WIDTHS = [10, 4, 4] as const;
/** Columns for what happened, so that a line has 100 at most. */
const TEXT_WIDTH = 78;

/** Head of the columns of `eventLine`. */
export const EVENT_HEAD = columns('step', 'cpu', 'pid', 'what');

function columns(step: string, cpu: string, pid: string, what: string): string {
  const [a, b, c] = WIDTHS;
  return `${step.padStart(a)} ${cpu.padStart(b)} ${pid.padStart(c)}  ${what}`;
}

function thread(pid: number): string {
  return pid === 0 ? 'scheduler' : `pid ${pid}`;
}

/** Arguments as in C. The kernel records a pointer as `0x…`, which is shown as it is. */
function argument(value: number | string): string {
  if (typeof value === 'number') return String(value);
  return /^0x[0-9a-f]+$/.test(value) ? value : quoted(value);
}

/** What happened, without when and where. */
function what(event: TraceEvent, call: string | undefined): string {
  switch (event.kind) {
    case 'switch':
      return `${thread(event.from)} → ${thread(event.to)} (${event.reason})`;
    case 'enter':
      return callText(event.call, event.args);
    case 'exit': {
      const out = event.out === undefined ? '' : ` (${event.out})`;
      return `${call ?? `${event.call}(…)`} → ${event.result}${out}`;
    }
    case 'fault':
      return `${FAULTS[event.scause] ?? `trap ${event.scause}`} at ${event.stval}`;
    case 'irq':
      return 'timer interrupt';
    case 'print':
      return `prints ${quoted(event.text)}`;
    case 'lock':
      return `acquires ${event.name}`;
    case 'unlock':
      return `releases ${event.name}`;
    case 'sleep':
      return `sleeps on ${event.channel}`;
    case 'wakeup':
      return `wakes ${event.channel}`;
    case 'life':
      return `${event.object}: ${event.state}, ${plural(event.count, 'mapping')}`;
  }
}

function callText(call: string, args: readonly (number | string)[]): string {
  return `${call}(${args.map(argument).join(', ')})`;
}

/** The process an event is about; a switch is about two. */
export function pidsOf(event: TraceEvent): readonly number[] {
  if (event.kind === 'switch') return [event.from, event.to];
  return event.kind === 'irq' ? [] : [event.pid];
}

/** Turns events, told in order, into lines. */
export class EventText {
  /** By pid, the call it is in: an exit repeats the arguments, which its event does not have. */
  private readonly inside = new Map<number, { readonly call: string; readonly text: string }>();

  /** Learns of an event that is not shown. */
  see(event: TraceEvent): void {
    if (event.kind !== 'enter') return;
    this.inside.set(event.pid, { call: event.call, text: callText(event.call, event.args) });
  }

  /** One line of at most 100 columns, without colour. */
  line(event: TraceEvent): string {
    this.see(event);
    const [pid = 0, other = 0] = pidsOf(event);
    const shown = pid === 0 ? other : pid;
    const text = clip(printable(what(event, this.callOf(event))), TEXT_WIDTH);
    return columns(String(event.step), String(event.cpu), shown === 0 ? '' : `${shown}`, text);
  }

  /** For an exit, the call that it ends, if its entry was seen. */
  private callOf(event: TraceEvent): string | undefined {
    if (event.kind !== 'exit') return undefined;
    const entry = this.inside.get(event.pid);
    this.inside.delete(event.pid);
    return entry?.call === event.call ? entry.text : undefined;
  }
}

/** Where control goes, in words. */
function laneText(lane: number, cpus: number, guest: TraceHeader['guest']): string {
  if (guest === 'bare') return `thread ${lane}`;
  return lane < cpus ? `cpu ${lane}` : `timer of cpu ${lane - cpus}`;
}

/** A choice as a line under the same columns. */
export function choiceLine(
  { step, lane }: Choice,
  index: number,
  cpus: number,
  guest: TraceHeader['guest'],
): string {
  const text = `${laneText(lane, cpus, guest)} goes on  (switch ${index})`;
  return columns(String(step), String(lane % cpus), '', text);
}
