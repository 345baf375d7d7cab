import { box, FAINT, GRID, INK, line, type Place, path, picture, text } from './svg.ts';

/** What was measured of one workload with that many processes. */
export interface Point {
  readonly workload: string;
  readonly processes: number;
  readonly operations: number;
  readonly makespan: number;
  /** Operations per 1000 units of simulated time. */
  readonly perThousand: number;
  /** Shares of all CPUs' time, 0..1. */
  readonly waits: {
    readonly shm: number;
    readonly kmem: number;
    readonly other: number;
    readonly idle: number;
  };
  /** Shares of the whole time, 0..1. */
  readonly held: { readonly shm: number; readonly kmem: number };
}

const WIDTH = 980;
const HEIGHT = 450;
const TOP = 92;
const BOTTOM = 380;
const COLOURS = ['#c2410c', '#0f766e', '#1d4ed8'];

const WORKING = '#475569';
const WAITING = '#d97706';
const REST = '#cbd2d9';

/** Speed-up over one process in each workload, both axes in powers of two. */
function speedups(points: readonly Point[], left: number, right: number): string[] {
  const counts = [...new Set(points.map((p) => p.processes))];
  const most = Math.log2(Math.max(...counts));
  const x = (processes: number): number => left + ((right - left) * Math.log2(processes)) / most;
  const y = (speedup: number): number => BOTTOM - ((BOTTOM - TOP) * Math.log2(speedup)) / most;
  const parts = [
    text(left, TOP - 34, 'Throughput in simulated time', { size: 15, bold: true }),
    text(left, TOP - 16, 'times that of one process', { size: 12, fill: FAINT }),
  ];
  for (const count of counts) {
    parts.push(line(left, y(count), right, y(count), GRID));
    parts.push(text(left - 10, y(count) + 4, `${count}×`, { anchor: 'end' }));
    parts.push(text(x(count), BOTTOM + 22, `${count}`, { anchor: 'middle' }));
  }
  parts.push(text((left + right) / 2, BOTTOM + 46, 'processes, a CPU each', { anchor: 'middle' }));
  const workloads = [...new Set(points.map((p) => p.workload))];
  parts.push(text(x(4) - 12, y(4) - 12, 'ideal', { anchor: 'end', fill: FAINT }));
  for (const [i, workload] of workloads.entries()) {
    const mine = points.filter((p) => p.workload === workload);
    const one = mine[0]?.perThousand ?? 1;
    const places = mine.map((p): Place => [x(p.processes), y(p.perThousand / one)]);
    const colour = COLOURS[i] ?? INK;
    // Clear of the numbers below the axis.
    const labelY = Math.min(places[places.length - 1]?.[1] ?? 0, BOTTOM - 30);
    const last = (mine[mine.length - 1]?.perThousand ?? 1) / one;
    const words = workload.split(' / ');
    parts.push(path(places, colour));
    parts.push(
      text(right + 12, labelY - 2, `${last.toFixed(1)}×`, { fill: colour, bold: true }),
      ...words.map((word, n) =>
        text(right + 12, labelY + 14 + 15 * n, word, { fill: colour, size: 12 }),
      ),
    );
  }
  // Last, or the lines that are near it would hide it.
  parts.push(
    path(
      counts.map((count): Place => [x(count), y(count)]),
      FAINT,
      true,
    ),
  );
  return parts;
}

/** What CPUs do with their time in one workload: work, wait for shm.lock, all else. */
function times(points: readonly Point[], left: number, right: number): string[] {
  const height = BOTTOM - TOP;
  const slot = (right - left) / points.length;
  const width = slot * 0.62;
  const parts = [
    text(left, TOP - 34, 'Where the CPUs’ time goes', { size: 15, bold: true }),
    text(left, TOP - 16, points[0]?.workload.replace(' / ', ' ') ?? '', { size: 12, fill: FAINT }),
  ];
  for (const share of [0, 0.5, 1]) {
    const at = BOTTOM - height * share;
    parts.push(line(left, at, right, at, GRID));
    parts.push(text(left - 10, at + 4, `${share * 100}%`, { anchor: 'end' }));
  }
  for (const [i, { processes, waits }] of points.entries()) {
    const at = left + slot * i + (slot - width) / 2;
    const rest = waits.kmem + waits.other + waits.idle;
    const working = 1 - waits.shm - rest;
    let y = BOTTOM;
    for (const [share, fill] of [
      [working, WORKING],
      [waits.shm, WAITING],
      [rest, REST],
    ] as const) {
      y -= height * share;
      parts.push(box(at, y, width, height * share, fill));
      if (share < 0.08) continue;
      const middle = y + (height * share) / 2 + 4;
      const label = `${(share * 100).toFixed(0)}`;
      parts.push(
        text(at + width / 2, middle, label, { anchor: 'middle', fill: '#ffffff', size: 12 }),
      );
    }
    parts.push(text(at + width / 2, BOTTOM + 22, `${processes}`, { anchor: 'middle' }));
  }
  const key = BOTTOM + 38;
  for (const [i, [name, fill]] of [
    ['working', WORKING],
    ['waiting for shm.lock', WAITING],
    ['else', REST],
  ].entries()) {
    const at = left + [0, 82, 236][i]!;
    parts.push(box(at, key, 10, 10, fill ?? INK), text(at + 15, key + 9, name ?? '', { size: 12 }));
  }
  return parts;
}

/** The picture beside docs/measurements.md. */
export function scalingPicture(points: readonly Point[]): string {
  const first = points.filter((p) => p.workload === points[0]?.workload);
  return picture(WIDTH, HEIGHT, 'Throughput of shared memory by number of processes', [
    text(24, 30, 'Shared memory: 1 to 16 processes', { size: 18, bold: true }),
    ...speedups(points, 66, 380),
    ...times(first, 640, 950),
  ]);
}
