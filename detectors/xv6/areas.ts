import type { Kernel } from '../../kernel/kernel.ts';
import type { Proc } from '../../kernel/proc.ts';
import { endOf, kindOf, type Vma } from '../../kernel/vma.ts';

/** Tells of every area of that kind, those that are being made or removed too. */
function forEachArea(k: Kernel, kind: number, visit: (p: Proc, v: Vma) => void): void {
  const top = k.m.words[k.ptable.top] as number;
  for (let i = 0; i < top; i++) {
    const p = k.ptable.procs[i] as Proc;
    for (const v of p.vmas) if (kindOf(k, v) === kind) visit(p, v);
  }
}

/** Counts anew, by what is behind them, the areas of all processes that are of that kind. */
export function areasOf(k: Kernel, kind: number, counts: Int32Array): void {
  counts.fill(0);
  forEachArea(k, kind, (_, v) => {
    const object = k.m.words[v.object] as number;
    counts[object] = (counts[object] as number) + 1;
  });
}

/** A line for each area with that behind it: who has it, and where. */
export function attachmentsOf(k: Kernel, kind: number, object: number): string[] {
  const { words } = k.m;
  const lines: string[] = [];
  forEachArea(k, kind, (p, v) => {
    if (words[v.object] !== object) return;
    const [from, to] = [words[v.start] as number, endOf(k, v)].map((vpn) => hex(vpn * 4096));
    // The kernel fills an area in with its lock let go.
    const where = words[v.pages] === 0 ? 'nowhere yet' : `at ${from}..${to}`;
    lines.push(`attached to pid ${words[p.pid]} ${where}`);
  });
  return lines;
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
