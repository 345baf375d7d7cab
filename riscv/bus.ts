/** What lies between harts and devices. RAM is not on it: harts reach that on their own. */

/** A device with registers. Offsets are from its start; sizes are 1, 2 or 4 bytes. */
export interface Device {
  /** Undefined when there is nothing to read in that size: the hart gets an access fault. */
  read(offset: number, size: number): number | undefined;
  /** False when there is nothing to write in that size. */
  write(offset: number, size: number, value: number): boolean;
}

interface Window {
  readonly start: number;
  readonly end: number;
  readonly device: Device;
}

export class Bus {
  private readonly windows: Window[] = [];

  map(start: number, length: number, device: Device): void {
    this.windows.push({ start, end: start + length, device });
  }

  /** An access of 8 bytes is two of 4. Answers the lower and upper half. */
  read(address: number, size: number): readonly [number, number] | undefined {
    const window = this.at(address);
    if (window === undefined) return undefined;
    const offset = address - window.start;
    const lo = window.device.read(offset, Math.min(size, 4));
    const hi = size === 8 ? window.device.read(offset + 4, 4) : 0;
    return lo === undefined || hi === undefined ? undefined : [lo | 0, hi | 0];
  }

  write(address: number, size: number, lo: number, hi: number): boolean {
    const window = this.at(address);
    if (window === undefined) return false;
    const offset = address - window.start;
    if (size < 8) return window.device.write(offset, size, lo);
    return window.device.write(offset, 4, lo) && window.device.write(offset + 4, 4, hi);
  }

  private at(address: number): Window | undefined {
    return this.windows.find(({ start, end }) => address >= start && address < end);
  }
}
