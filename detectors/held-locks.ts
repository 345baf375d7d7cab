/** The locks that each CPU holds, in the order in which it took them. Kept by the Watcher for all. */
export class HeldLocks {
  private readonly held: number[][];

  constructor(cpus: number) {
    this.held = Array.from({ length: cpus }, () => []);
  }

  clear(): void {
    for (const list of this.held) if (list.length > 0) list.length = 0;
  }

  of(cpu: number): readonly number[] {
    return this.held[cpu] as number[];
  }

  take(cpu: number, lock: number): void {
    (this.held[cpu] as number[]).push(lock);
  }

  drop(cpu: number, lock: number): void {
    const list = this.held[cpu] as number[];
    // Nearly always the one that was taken last.
    if (list[list.length - 1] === lock) {
      list.pop();
      return;
    }
    const at = list.lastIndexOf(lock);
    if (at < 0) return;
    // As splice does, which makes an array of what it takes out.
    for (let i = at + 1; i < list.length; i++) list[i - 1] = list[i] as number;
    list.pop();
  }
}

/** The class of a lock of the kernel: locks that differ only in a number are taken in one order. */
export function lockClass(name: string): string {
  return name.replace(/\[\d+\]/g, '');
}
