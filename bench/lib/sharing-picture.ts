import { box, FAINT, GRID, INK, line, type Place, path, picture, text } from './svg.ts';

/** The same bytes handed from one process to another in one way, so many at a time. */
export interface Transfer {
  readonly way: string;
  /** Bytes at a time. */
  readonly chunk: number;
  /** Units of simulated time. */
  readonly time: number;
  readonly bytesPerThousand: number;
  /** How often the kernel copied each byte. */
  readonly copies: number;
  readonly callsPerKiB: number;
}

const WIDTH = 980;
const HEIGHT = 430;
const TOP = 92;
const BOTTOM = 360;
const COLOURS = ['#0f766e', '#1d4ed8', '#c2410c'];

/** Throughput by the bytes at a time. */
function throughput(transfers: readonly Transfer[], left: number, right: number): string[] {
  const chunks = [...new Set(transfers.map(({ chunk }) => chunk))];
  const ways = [...new Set(transfers.map(({ way }) => way))];
  const most = Math.max(...transfers.map(({ bytesPerThousand }) => bytesPerThousand));
  const top = Math.ceil(most / 500) * 500;
  const x = (chunk: number): number =>
    left + ((right - left) * chunks.indexOf(chunk)) / (chunks.length - 1);
  const y = (bytes: number): number => BOTTOM - ((BOTTOM - TOP) * bytes) / top;
  const parts = [
    text(left, TOP - 34, 'Throughput in simulated time', { size: 15, bold: true }),
    text(left, TOP - 16, 'bytes per 1,000 units, one operation each', { size: 12, fill: FAINT }),
  ];
  for (let bytes = 0; bytes <= top; bytes += 500) {
    parts.push(line(left, y(bytes), right, y(bytes), GRID));
    parts.push(text(left - 10, y(bytes) + 4, bytes.toLocaleString('en'), { anchor: 'end' }));
  }
  for (const chunk of chunks) {
    parts.push(text(x(chunk), BOTTOM + 22, chunk.toLocaleString('en'), { anchor: 'middle' }));
  }
  parts.push(text((left + right) / 2, BOTTOM + 46, 'bytes at a time', { anchor: 'middle' }));
  for (const [i, way] of ways.entries()) {
    const mine = transfers.filter((t) => t.way === way);
    const places = mine.map((t): Place => [x(t.chunk), y(t.bytesPerThousand)]);
    const fill = COLOURS[i] ?? INK;
    const [, lastY = TOP] = places[places.length - 1] ?? [];
    parts.push(path(places, fill), text(right + 12, lastY + 4, way, { fill, size: 12 }));
  }
  return parts;
}

/** Copies of each byte, a bar for each way. */
function copies(transfers: readonly Transfer[], left: number, right: number): string[] {
  const ways = [...new Set(transfers.map(({ way }) => way))];
  // Room for the numbers above the bars.
  const most = 1.15 * Math.max(...transfers.map((t) => t.copies));
  const slot = (right - left) / ways.length;
  const y = (times: number): number => BOTTOM - ((BOTTOM - TOP) * times) / most;
  const parts = [
    text(left, TOP - 34, 'Copies', { size: 15, bold: true }),
    text(left, TOP - 16, 'of each byte, made by the kernel', { size: 12, fill: FAINT }),
    line(left, BOTTOM, right, BOTTOM, GRID),
  ];
  for (const [i, way] of ways.entries()) {
    const times = transfers.find((t) => t.way === way)?.copies ?? 0;
    const at = left + slot * i + slot * 0.2;
    const middle = at + slot * 0.3;
    parts.push(box(at, y(times), slot * 0.6, BOTTOM - y(times), COLOURS[i] ?? INK));
    parts.push(text(middle, y(times) - 8, times.toFixed(0), { anchor: 'middle', bold: true }));
    parts.push(text(middle, BOTTOM + 22, way.split(',')[0] ?? '', { anchor: 'middle', size: 12 }));
  }
  return parts;
}

/** The picture beside docs/measurements.md. */
export function transferPicture(transfers: readonly Transfer[]): string {
  return picture(WIDTH, HEIGHT, 'Shared memory beside a pipe: throughput and copies', [
    text(24, 30, 'Shared memory beside a pipe', { size: 18, bold: true }),
    ...throughput(transfers, 76, 380),
    ...copies(transfers, 580, 950),
  ]);
}
