/** The spinlocks that each CPU holds, in the order in which it took them. */
export class HeldLocks {
  private readonly held: number[][];

  constructor(cpus: number) {
    this.held = Array.from({ length: cpus }, () => []);
  }

  clear(): void {
    for (const list of this.held) list.length = 0;
  }

  of(cpu: number): readonly number[] {
    return this.held[cpu] as number[];
  }

  take(cpu: number, lock: number): void {
    (this.held[cpu] as number[]).push(lock);
  }

  drop(cpu: number, lock: number): void {
    const list = this.held[cpu] as number[];
    const at = list.lastIndexOf(lock);
    if (at >= 0) list.splice(at, 1);
  }
}
