import { laneText } from '../../machine/index.ts';
import type {
  Choice,
  EnterEvent,
  ExitEvent,
  FaultEvent,
  PageEvent,
  TraceEvent,
  TraceHeader,
} from '../../traces/trace.ts';
import { callText, resultText } from '../explain/call-text.ts';
import { clip, plural, printable, quoted } from '../text.ts';

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

/** What happened, without when and where, in at most `TEXT_WIDTH` columns. */
function what(event: TraceEvent, call: string | undefined): string {
  if (event.kind === 'enter') return shown(call ?? '', TEXT_WIDTH);
  if (event.kind !== 'exit') return shown(told(event), TEXT_WIDTH);
  // What it answered is what people look for: rather the arguments are cut.
  const result = shown(` → ${resultText(event.result, short(event.out))}`, TEXT_WIDTH / 2);
  return shown(call ?? `${event.call}(…)`, TEXT_WIDTH - result.length) + result;
}

/** Clipped before it is looked at, too: a trace may have long texts, many times. */
function shown(text: string, width: number): string {
  return clip(printable(clip(text, 4 * TEXT_WIDTH)), width);
}

function short(text: string | undefined): string | undefined {
  return text === undefined ? undefined : clip(text, TEXT_WIDTH);
}

function told(event: Exclude<TraceEvent, EnterEvent | ExitEvent>): string {
  switch (event.kind) {
    case 'switch':
      return `${thread(event.from)} → ${thread(event.to)} (${event.reason})`;
    case 'fault':
      return `${faultText(event)}: killed`;
    case 'page':
      return `${faultText(event)} → ${event.now}`;
    case 'irq':
      return 'timer interrupt';
    case 'print':
      return `prints ${quoted(clip(event.text, TEXT_WIDTH))}`;
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

function faultText({ scause, stval }: FaultEvent | PageEvent): string {
  const address = clip(stval, TEXT_WIDTH).replace(/^0x0+(?=[\da-f])/, '0x');
  return `${FAULTS[scause] ?? `trap ${scause}`} at ${address}`;
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
    const text = what(event, this.callOf(event));
    return columns(String(event.step), String(event.cpu), shown === 0 ? '' : `${shown}`, text);
  }

  /** Of an entry the call, of an exit the one that it ends, if its entry was seen. */
  private callOf(event: TraceEvent): string | undefined {
    if (event.kind === 'enter') return this.inside.get(event.pid)?.text;
    if (event.kind !== 'exit') return undefined;
    const entry = this.inside.get(event.pid);
    this.inside.delete(event.pid);
    return entry?.call === event.call ? entry.text : undefined;
  }
}

/** Where control goes, in words. */
function whereText(lane: number, cpus: number, guest: TraceHeader['guest']): string {
  if (guest === 'bare') return `thread ${lane}`;
  if (guest === 'elf' && lane >= cpus) return 'a line is typed, and the guest';
  return laneText(lane, cpus);
}

/** A choice as a line under the same columns. */
export function choiceLine(
  { step, lane }: Choice,
  index: number,
  cpus: number,
  guest: TraceHeader['guest'],
): string {
  const text = `${whereText(lane, cpus, guest)} goes on  (switch ${index})`;
  return columns(String(step), String(lane % cpus), '', text);
}
