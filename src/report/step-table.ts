import type { Report, ReportStep } from '../explain/report.ts';
import { clip, printable } from '../text.ts';
import type { Ink } from './ink.ts';

/** How a report is to be printed. */
export interface Look {
  readonly ink: Ink;
  /** Columns of the screen. */
  readonly width: number;
  /** All captured steps and their stacks, not only those that matter. */
  readonly verbose: boolean;
}

const STEP_WIDTH = 6;
const HEAD_LOCKS = 'locks';
const VALUES_MAX = 16;
const LOCKS_MAX = 18;
/** Where room is scarce. */
const LOCKS_NARROW = 13;
const GAP = '  ';

/**
 * What one step did, without where and by whom.
 *
 * @param before whether to say the value before, too
 */
function what(
  { kind, name, thread, values = '' }: ReportStep,
  prefix: string,
  before = false,
): string {
  const short = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  switch (kind) {
    case 'load':
      return `${short} → ${values}`;
    case 'modify':
      if (!values.includes('→')) return `${short} → ${values}`;
      return `${short} ${before ? values : `← ${values.replace(/^.*→/, '')}`}`;
    case 'store':
    case 'plain':
      return `${short} ${before ? values : `← ${values.replace(/^.*→/, '')}`}`;
    case 'acquire':
      return `${thread === undefined ? 'acquire' : 'lock'} ${name}`;
    case 'release':
      return `${thread === undefined ? 'release' : 'unlock'} ${name}`;
    case 'down':
      return `take ${name}`;
    case 'up':
      return `post ${name}`;
    case 'wait':
      return `wait at ${name}`;
    case 'signal':
    case 'broadcast':
      return `${kind} ${name}`;
    case 'rouse':
      return `wakes a waiter of ${name} spuriously`;
    case 'spin':
      return `waits: ${name}`;
    case 'allocate':
      return `kalloc ${name}`;
    case 'free':
      return `kfree ${name}`;
    case 'map':
    case 'unmap':
      return `${kind}s ${name}`;
    case 'drain':
      return `store of ${name} reaches memory`;
    case 'flush':
      return 'sfence';
    case 'switch':
      return `swtch to ${name}`;
    case 'sleep':
      return `sleeps on ${name}`;
    case 'wakeup':
      return `wakes ${name}`;
    default:
      return name;
  }
}

/** `shm[0].` when all accesses are to fields of that, else nothing. */
function commonPrefix(steps: readonly ReportStep[]): string {
  const accesses = steps.filter(({ values }) => values !== undefined);
  const prefixes = new Set(accesses.map(({ name }) => /^.*\]\./.exec(name)?.[0] ?? ''));
  return prefixes.size === 1 ? ([...prefixes][0] as string) : '';
}

function locksText({ cpu, thread, locks }: ReportStep): string {
  if (locks.length === 0) return '–';
  const names = locks.map((name) => name.replace(/\.lock$/, ''));
  return clip(`${thread === undefined ? `C${cpu}:` : ''}${names.join(',')}`, LOCKS_MAX);
}

/** Who did it, as the head of a column. */
function whoText({ cpu, thread, pid, call }: ReportStep): string {
  if (thread !== undefined) return thread;
  return pid === 0 ? `CPU${cpu} scheduler` : `CPU${cpu} pid ${pid} ${call}`.trimEnd();
}

/** `kernel/shm.ts:88`, or without its folder. */
function placeText({ at }: ReportStep, full: boolean): string {
  return full ? at : at.replace(/^.*\//, '');
}

/** A step laid out: cells before the two columns at the right. */
interface Row {
  readonly step: ReportStep;
  readonly who: string;
  readonly what: string;
  readonly values: string;
  readonly locks: string;
}

/** Columns by process or scheduler loop, or undefined when they do not fit. */
function sideBySide(rows: readonly Row[], full: boolean, room: number): Layout | undefined {
  const keys = [...new Set(rows.map(({ step }) => columnOf(step)))];
  const widths = keys.map((key) => {
    const own = rows.filter(({ step }) => columnOf(step) === key);
    const cells = own.map((row) => row.what.length + GAP.length + placeText(row.step, full).length);
    return Math.max(headOf(own).length, ...cells);
  });
  if (keys.length > 4 || widths.reduce((sum, w) => sum + w + GAP.length, 0) > room)
    return undefined;
  const heads = keys.map((key, i) =>
    headOf(rows.filter(({ step }) => columnOf(step) === key)).padEnd(widths[i] ?? 0),
  );
  const indentOf = (row: Row): number => {
    const column = keys.indexOf(columnOf(row.step));
    return widths.slice(0, column).reduce((sum, w) => sum + w + GAP.length, 0);
  };
  return {
    head: heads.join(GAP),
    indentOf,
    cell(row) {
      const place = placeText(row.step, full);
      const width = widths[keys.indexOf(columnOf(row.step))] ?? 0;
      const space = ' '.repeat(Math.max(0, width - row.what.length - place.length));
      return `${' '.repeat(indentOf(row))}${row.what}${space}${place}`;
    },
  };
}

interface Layout {
  readonly head: string;
  readonly indentOf: (row: Row) => number;
  cell(row: Row): string;
}

function columnOf({ pid, cpu, thread }: ReportStep): string {
  if (thread !== undefined) return thread;
  return pid === 0 ? `scheduler ${cpu}` : `pid ${pid}`;
}

/** The head of a column: with the CPU and the call if these are the same in all its steps. */
function headOf(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const { step } = first;
  if (step.pid === 0) return printable(whoText(step));
  const cpu = rows.every((row) => row.step.cpu === step.cpu) ? `CPU${step.cpu} ` : '';
  const call = rows.every((row) => row.step.call === step.call) ? ` ${step.call}` : '';
  return `${cpu}pid ${step.pid}${call}`;
}

/** One column for who, for more threads than fit side by side. */
function inOneColumn(rows: readonly Row[], room: number): Layout {
  const who = Math.max(...rows.map((row) => row.who.length), 3);
  const place = Math.max(...rows.map((row) => row.step.at.length), 0);
  const texts = Math.max(...rows.map((row) => row.what.length), 4);
  const full = room - who - place - 2 * GAP.length >= texts;
  const places = Math.max(...rows.map((row) => placeText(row.step, full).length), 0);
  const left = Math.min(texts, Math.max(8, room - who - places - 2 * GAP.length));
  return {
    head: `${'who'.padEnd(who)}${GAP}what`,
    indentOf: () => 0,
    cell: (row) =>
      [
        row.who.padEnd(who),
        clip(row.what, left).padEnd(left),
        placeText(row.step, full).padEnd(places),
      ].join(GAP),
  };
}

function rowOf(step: ReportStep, prefix: string): Row {
  return {
    step,
    who: printable(whoText(step)),
    what: printable(what(step, prefix)),
    values: printable(step.values ?? ''),
    locks: printable(locksText(step)),
  };
}

/** A row that says in one place what happened to a value. */
function inOne(row: Row, prefix: string): Row {
  const locks = clip(row.locks, LOCKS_NARROW);
  return { ...row, what: printable(what(row.step, prefix, true)), values: '', locks };
}

const widest = (texts: readonly string[], least: number): number =>
  Math.max(least, ...texts.map((text) => text.length));

/** How wide the columns are. */
interface Sheet {
  readonly rows: readonly Row[];
  readonly layout: Layout;
  /** Columns between the steps and the values. */
  readonly room: number;
  readonly values: number;
}

function sheetOf(steps: readonly ReportStep[], width: number): Sheet {
  const prefix = commonPrefix(steps);
  const rows = steps.map((step) => rowOf(step, prefix));
  const roomFor = (all: readonly Row[], values: number): number => {
    const locks = widest(
      all.map((row) => row.locks),
      HEAD_LOCKS.length,
    );
    return width - STEP_WIDTH - (values === 0 ? 2 : 3) * GAP.length - values - locks;
  };
  const values = Math.min(
    VALUES_MAX,
    widest(
      rows.map((row) => row.values),
      0,
    ),
  );
  const room = roomFor(rows, values);
  const beside = sideBySide(rows, true, room) ?? sideBySide(rows, false, room);
  if (beside !== undefined) return { rows, layout: beside, room, values };
  const narrow = rows.map((row) => inOne(row, prefix));
  const wider = roomFor(narrow, 0);
  const closer = sideBySide(narrow, true, wider) ?? sideBySide(narrow, false, wider);
  if (closer !== undefined) return { rows: narrow, layout: closer, room: wider, values: 0 };
  return { rows: narrow, layout: inOneColumn(narrow, wider), room: wider, values: 0 };
}

/** The table of a report's steps; no lines when it has none. */
export function stepTable(report: Report, look: Look): string[] {
  const { ink, width, verbose } = look;
  const steps = report.steps.filter(({ main }) => main || verbose);
  if (steps.length === 0) return [];
  const { rows, layout, room, values } = sheetOf(steps, width);
  const cells = rows.map((row) => layout.cell(row).trimEnd());
  const left = Math.min(room, widest([layout.head.trimEnd(), ...cells], 0));
  const line = (step: string, cell: string, value: string, held: string): string => {
    const shown = values === 0 ? '' : `${GAP}${clip(value, values).padStart(values)}`;
    return `${step.padStart(STEP_WIDTH)}${GAP}${clip(cell, left).padEnd(left)}${shown}${GAP}${held}`.trimEnd();
  };
  const crosses = (i: number): boolean => i > 0 && rows[i - 1]?.step.cpu !== rows[i]?.step.cpu;
  const crossings = rows.filter((_, i) => crosses(i)).length;
  let crossed = 0;
  const lines: string[] = [];
  for (const [i, row] of rows.entries()) {
    const { step } = row;
    if (crosses(i)) {
      crossed++;
      const to = printable(step.thread ?? `CPU${step.cpu}`);
      lines.push(ink.yellow(line('', `⇄ ${to} (${crossed}/${crossings})`, '', '')));
    }
    const mark = step.failing ? `✗${step.step}` : String(step.step);
    const text = line(mark, cells[i] as string, row.values, row.locks);
    lines.push(step.failing ? ink.red(text) : text);
    lines.push(...below(row, layout, look));
  }
  const head = line('step', layout.head.trimEnd(), '', HEAD_LOCKS);
  const ruleLength =
    widest(
      [head, ...rows.map((row, i) => line('', cells[i] as string, row.values, row.locks))],
      0,
    ) - 1;
  const rule = ink.dim(` ${'─'.repeat(ruleLength)}`);
  return [ink.bold(head), rule, ...lines, rule];
}

/** What stands under a step: a remark, how often it repeats, its stack. */
function below(row: Row, layout: Layout, { ink, width, verbose }: Look): string[] {
  const { remark, repeated, stack } = row.step;
  const indent = ' '.repeat(STEP_WIDTH + GAP.length + layout.indentOf(row));
  const texts: string[] = [];
  if (remark !== '') texts.push(`↑ ${remark}`);
  if (repeated > 0) texts.push(`… ${repeated} more`);
  if (verbose) texts.push(...stack.map((frame) => `  at ${frame}`));
  return texts.map((text) => ink.dim(clip(`${indent}${printable(text)}`, width)));
}
