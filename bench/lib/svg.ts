/** As much of SVG as a chart needs: pieces of text to be joined. */

export const INK = '#1f2933';
export const FAINT = '#8793a0';
export const GRID = '#e4e8ec';

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly fill?: string;
  readonly bold?: boolean;
  /** Degrees around its own place. */
  readonly turn?: number;
}

export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { anchor = 'start', size = 13, fill = INK, bold = false, turn } = style;
  const escaped = content.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  const weight = bold ? ' font-weight="600"' : '';
  const transform = turn === undefined ? '' : ` transform="rotate(${turn} ${x} ${y})"`;
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}" text-anchor="${anchor}"${weight}${transform}>${escaped}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}"/>`;
}

export type Place = readonly [x: number, y: number];

/** Connected places, with a dot on each unless dashed. */
export function path(places: readonly Place[], stroke: string, dashed = false): string {
  const points = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  const dash = dashed ? ' stroke-dasharray="5 5"' : '';
  const width = dashed ? 1.5 : 2.5;
  const polyline = `<polyline points="${points}" fill="none" stroke="${stroke}" stroke-width="${width}"${dash}/>`;
  if (dashed) return polyline;
  const dots = places.map(
    ([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${stroke}"/>`,
  );
  return [polyline, ...dots].join('\n');
}

export function box(x: number, y: number, width: number, height: number, fill: string): string {
  const sizes = `width="${width.toFixed(1)}" height="${height.toFixed(1)}"`;
  return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${sizes} fill="${fill}"/>`;
}

/** A whole picture on white. */
export function picture(width: number, height: number, title: string, parts: string[]): string {
  const font = 'font-family="system-ui, Segoe UI, Helvetica, Arial, sans-serif"';
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" ${font}>`;
  const all = [head, `<title>${title}</title>`, box(0, 0, width, height, '#ffffff'), ...parts];
  return `${all.join('\n')}\n</svg>\n`;
}
