import type { Trace } from '../../traces/reader.ts';
import type { TraceHeader } from '../../traces/trace.ts';
import { clip, plural, printable, wrap } from '../text.ts';

/** What people are shown of a header, whatever stands in it. */
const HEADLINE_MAX = 2000;
const WORD_MAX = 80;
const CONFIG_MAX = 64;

const DETAIL: Readonly<Record<number, string>> = {
  0: 'none',
  1: 'context switches, system calls, page faults, timers, output, lives of shared memory',
  2: 'context switches, system calls, page faults, timers, output, lives, locks, sleeps',
};

/** `shmtest demo 8192 4` */
function commandText({ program, args }: Pick<TraceHeader, 'program' | 'args'>): string {
  return [program, ...args]
    .map((word) => (/^\S+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ');
}

/** `shmtest demo 8192 4 · 2 CPUs · round-robin · seed 42` */
export function headline(
  header: Pick<
    TraceHeader,
    'guest' | 'program' | 'args' | 'cpus' | 'strategy' | 'seed' | 'mutants' | 'config'
  >,
): string {
  const { guest, cpus, strategy, seed, mutants, config } = header;
  const planted = mutants.map((name) => `mutant ${name}`);
  const parts = [
    commandText(header),
    plural(cpus, guest === 'bare' ? 'thread' : 'CPU'),
    strategy,
    `seed ${seed}`,
    ...(config.memory === undefined ? [] : [`memory ${config.memory}`]),
    ...planted,
  ];
  return clip(printable(parts.join(' · ')), HEADLINE_MAX);
}

/** The block that begins `show`. */
export function headerText(trace: Trace): string {
  const { header } = trace;
  if (header === undefined) return 'the header is lost: what ran is not known';
  const config = Object.entries(header.config)
    .slice(0, CONFIG_MAX)
    .map(([name, value], i, all) =>
      printable(
        `${clip(name, WORD_MAX)} ${clip(`${value}`, WORD_MAX)}${i < all.length - 1 ? ',' : ''}`,
      ),
    );
  const rows = [
    ['ran', headline(header)],
    ['config', wrap(config, '         ')],
    [
      header.guest === 'bare' ? 'version' : 'kernel',
      clip(printable(kernelText(header)), HEADLINE_MAX),
    ],
    ['events', eventsText(header)],
    ['holds', contents(trace)],
  ];
  return rows
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name?.padEnd(8)} ${text}`)
    .join('\n');
}

/** Which code ran: a kernel in a file is known by its digest. */
function kernelText({ guest, fingerprint, source }: TraceHeader): string {
  return guest === 'elf' ? `SHA-256 ${source}, on ${fingerprint}` : fingerprint;
}

/** Threads without a kernel have no events. */
function eventsText({ guest, detail }: TraceHeader): string {
  return guest === 'bare' ? '' : (DETAIL[detail] ?? `detail ${detail}`);
}

function contents({ eventCount, choices, checkpoints, findings }: Trace): string {
  return [
    plural(eventCount, 'event'),
    plural(choices.length, 'switch', 'switches'),
    plural(checkpoints.length, 'checkpoint'),
    plural(findings.length, 'finding'),
  ].join(', ');
}
