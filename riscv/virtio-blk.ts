/**
 * A disk: Virtual I/O Device 1.2, sections 2.7 (split queues), 4.2 (MMIO) and 5.2 (block device), and
 * the legacy registers of section 4.2.4. A request is done when the driver notifies; its interrupt
 * follows. VERSION_1 is not offered, and FEATURES_OK sticks all the same: xv6 acknowledges no feature.
 */

import type { Device } from './bus.ts';
import { RAM_BASE, type Ram } from './memory.ts';
import { type Moment, Moments } from './moments.ts';
import { PAGE_SHIFT, PageHashes } from './page-hashes.ts';

export const SECTOR_BYTES = 512;
const QUEUE_MAX = 1024;
const NEXT = 1;
const WRITE = 2;
const MMIO = {
  magic: 0x000,
  version: 0x004,
  device: 0x008,
  vendor: 0x00c,
  pageSize: 0x028,
  queueSelect: 0x030,
  queueMax: 0x034,
  queueSize: 0x038,
  align: 0x03c,
  pfn: 0x040,
  ready: 0x044,
  notify: 0x050,
  interrupt: 0x060,
  acknowledge: 0x064,
  status: 0x070,
  capacity: 0x100,
} as const;
const DESC = 0x080;
const AVAIL = 0x090;
const USED = 0x0a0;
const PLAIN: readonly number[] = [MMIO.pageSize, MMIO.queueSize, MMIO.align, MMIO.pfn, MMIO.ready];

export interface DiskImage {
  readonly registers: Int32Array;
  readonly done: number;
  readonly pages: Moment;
}

export class VirtioBlk implements Device {
  /** The contents; sectors that the guest writes change in place. */
  readonly disk: Uint8Array;
  private readonly hashes: PageHashes;
  private readonly moments: Moments;
  private readonly ram: Ram;
  private readonly interrupt: () => void;
  private readonly legacy: boolean;
  /** What was written, by offset; the interrupt status is at its own. */
  private readonly registers = new Int32Array(64);
  /** Requests taken from the available ring, modulo 2^16. */
  private done = 0;

  /** @param disk whole sectors, from the start of a buffer of its own. */
  constructor(disk: Uint8Array<ArrayBuffer>, ram: Ram, legacy: boolean, interrupt: () => void) {
    this.disk = disk;
    this.hashes = new PageHashes(new Int32Array(disk.buffer), false);
    this.moments = new Moments(disk);
    this.ram = ram;
    this.legacy = legacy;
    this.interrupt = interrupt;
  }

  read(offset: number, size: number): number | undefined {
    const word = this.register(offset & ~3);
    return size === 4 ? word : (word >>> (8 * (offset & 3))) & (2 ** (8 * size) - 1);
  }

  private register(offset: number): number {
    switch (offset) {
      case MMIO.magic:
        return 0x74726976;
      case MMIO.version:
        return this.legacy ? 1 : 2;
      case MMIO.device:
        return 2;
      case MMIO.vendor:
        return 0x554d4551;
      case MMIO.queueMax:
        return this.get(MMIO.queueSelect) === 0 ? QUEUE_MAX : 0;
      case MMIO.capacity:
        return Math.floor(this.disk.length / SECTOR_BYTES);
      case MMIO.pfn:
      case MMIO.ready:
      case MMIO.interrupt:
      case MMIO.status:
        return this.get(offset);
      default:
        return 0;
    }
  }

  write(offset: number, size: number, value: number): boolean {
    if (size !== 4 || (offset & 3) !== 0) return true;
    if (offset === MMIO.notify) this.serve();
    else if (offset === MMIO.acknowledge)
      this.set(MMIO.interrupt, this.get(MMIO.interrupt) & ~value);
    else if (offset === MMIO.status) this.setStatus(value);
    else if (offset === MMIO.queueSelect) this.set(offset, value);
    else if (this.get(MMIO.queueSelect) === 0 && this.isQueue(offset)) this.set(offset, value);
    return true;
  }

  take(): DiskImage {
    return { registers: this.registers.slice(), done: this.done, pages: this.moments.take() };
  }

  restore({ registers, done, pages }: DiskImage): void {
    this.registers.set(registers);
    this.done = done;
    this.moments.restore(pages, (page) => this.hashes.changed(page));
  }

  /** A hash of each 4,096 bytes. Costs what was written since the last time. Not to be written. */
  pageHashes(): Int32Array {
    return this.hashes.upToDate();
  }

  private put(place: number, bytes: Uint8Array): void {
    const last = (place + bytes.length - 1) >>> PAGE_SHIFT;
    for (let page = place >>> PAGE_SHIFT; page <= last; page++) {
      this.hashes.changed(page);
      this.moments.changes(page);
    }
    this.disk.set(bytes, place);
  }

  private isQueue(offset: number): boolean {
    return PLAIN.includes(offset) || (offset >= DESC && offset < USED + 8);
  }

  private setStatus(value: number): void {
    if (value === 0) {
      this.registers.fill(0);
      this.done = 0;
    }
    this.set(MMIO.status, value & 0xff);
  }

  private get(offset: number): number {
    return this.registers[offset >>> 2]!;
  }

  private set(offset: number, value: number): void {
    this.registers[offset >>> 2] = value;
  }

  /** Offsets in RAM of the descriptors, the available ring, the used ring. */
  private rings(size: number): readonly [number, number, number] {
    if (!this.legacy) return [this.place(DESC), this.place(AVAIL), this.place(USED)];
    const desc = (this.get(MMIO.pfn) >>> 0) * (this.get(MMIO.pageSize) >>> 0) - RAM_BASE;
    const avail = desc + 16 * size;
    const align = this.get(MMIO.align) >>> 0 || 4096;
    return [desc, avail, desc + Math.ceil((16 * size + 6 + 2 * size) / align) * align];
  }

  private place(register: number): number {
    return (this.get(register) >>> 0) + (this.get(register + 4) >>> 0) * 2 ** 32 - RAM_BASE;
  }

  /** Does all requests that are available. */
  private serve(): void {
    const size = this.get(MMIO.queueSize);
    if (size < 1 || size > QUEUE_MAX) return;
    const [desc, avail, used] = this.rings(size);
    const ends = [desc + 16 * size, avail + 4 + 2 * size, used + 4 + 8 * size];
    if ([desc, avail, used].some((at) => at < 0) || ends.some((end) => end > this.ram.size)) return;
    const due = (this.half(avail + 2) - this.done) & 0xffff;
    for (let count = 0; count < Math.min(due, size); count++) {
      const head = this.half(avail + 4 + 2 * (this.done % size));
      const written = this.request(desc, head, size);
      const entry = used + 4 + 8 * (this.done % size);
      this.done = (this.done + 1) & 0xffff;
      this.ram.write(entry, bytesOf(head, written));
      this.ram.write(used + 2, Uint8Array.of(this.done, this.done >>> 8));
      this.set(MMIO.interrupt, this.get(MMIO.interrupt) | 1);
    }
    if (due > 0) this.interrupt();
  }

  private half(at: number): number {
    return this.ram.bytes[at]! | (this.ram.bytes[at + 1]! << 8);
  }

  private long(at: number): number {
    return (this.half(at) | (this.half(at + 2) << 16)) >>> 0;
  }

  /**
   * One chain: a header, data, and a byte of status. Answers the bytes written into memory. A chain
   * that makes no sense is passed over; a device may do as it likes with it.
   */
  private request(desc: number, head: number, size: number): number {
    const parts: { at: number; length: number; writable: boolean }[] = [];
    for (let index = head, left = size; left > 0 && index < size; left--) {
      const at = desc + 16 * index;
      const address = this.long(at) + this.long(at + 4) * 2 ** 32 - RAM_BASE;
      const length = this.long(at + 8);
      if (address < 0 || address + length > this.ram.size) return 0;
      const flags = this.half(at + 12);
      parts.push({ at: address, length, writable: (flags & WRITE) !== 0 });
      if ((flags & NEXT) === 0) break;
      index = this.half(at + 14);
    }
    const header = parts.shift();
    const status = parts.pop();
    if (header === undefined || status === undefined || header.length < 16) return 0;
    if (!status.writable || status.length < 1) return 0;
    const kind = this.long(header.at);
    let place = (this.long(header.at + 8) + this.long(header.at + 12) * 2 ** 32) * SECTOR_BYTES;
    let written = 1;
    let answer = kind > 1 ? 2 : 0;
    for (const { at, length, writable } of answer === 0 ? parts : []) {
      if (place + length > this.disk.length || writable !== (kind === 0)) answer = 1;
      else if (kind === 1) this.put(place, this.ram.bytes.subarray(at, at + length));
      else this.ram.write(at, this.disk.subarray(place, place + length));
      if (writable) written += length;
      place += length;
    }
    this.ram.write(status.at, Uint8Array.of(answer));
    return written;
  }
}

function bytesOf(first: number, second: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setUint32(0, first, true);
  bytes.setUint32(4, second, true);
  return new Uint8Array(bytes.buffer);
}
