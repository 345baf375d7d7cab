/**
 * As much of QEMU's `virt` board as public xv6-riscv kernels use, and its clock. Everything that
 * happens is a function of the kernel, the disk, the configuration, what is typed, and the turns
 * that {@link Board.turn} is asked for. Departure from QEMU: no boot ROM; every hart starts at the
 * kernel's entry in M-mode, with its number in a0 and the device tree in a1.
 */

import { Bus, type Device } from './bus.ts';
import { Clint } from './clint.ts';
import { deviceTree } from './device-tree.ts';
import { type Elf, readElf } from './elf.ts';
import { Hart, type HartImage, MIE, MIP, MTIMECMP, STIMECMP } from './hart.ts';
import { run } from './interpreter.ts';
import { RAM_BASE, Ram, type RamImage } from './memory.ts';
import { mixed } from './page-hashes.ts';
import { Plic, type PlicImage } from './plic.ts';
import { Refusal } from './refusal.ts';
import { changesRegistersOnly, SPIN_MOST } from './spin.ts';
import { refreshTimers } from './timer.ts';
import { Uart, type UartImage } from './uart.ts';
import { type DiskImage, SECTOR_BYTES, VirtioBlk } from './virtio-blk.ts';

const MIB = 2 ** 20;
const UART_IRQ = 10;
const DISK_IRQ = 1;
const TIMEBASE = 10_000_000;
const DEVICES = [
  { name: 'clint', compatible: 'riscv,clint0', at: 0x02000000, bytes: 0x10000 },
  { name: 'plic', compatible: 'riscv,plic0', at: 0x0c000000, bytes: 0x600000 },
  { name: 'serial', compatible: 'ns16550a', at: 0x10000000, bytes: 0x100 },
  { name: 'virtio_mmio', compatible: 'virtio,mmio', at: 0x10001000, bytes: 0x1000 },
] as const;
const EMPTY_SLOTS = 0x10002000;
const PCI_CONFIGURATION = { at: 0x30000000, bytes: 0x10000000 } as const;

export interface BoardConfig {
  /** 1 to 8. */
  readonly harts: number;
  /** RAM in MiB, 64 to 1024. */
  readonly memory: number;
  /** Instructions of all harts in a tick of mtime: 1 or more, whole. */
  readonly ratio: number;
  /** Whether the disk has the registers of virtio version 1. */
  readonly legacyDisk: boolean;
}

/** A moment of the board. Going back costs the pages of RAM and disk that differ. */
export interface BoardImage {
  readonly ram: RamImage;
  readonly harts: readonly HartImage[];
  readonly clock: number;
  readonly current: number;
  readonly plic: PlicImage;
  readonly uart: UartImage;
  readonly disk: DiskImage;
}

/** A virtio slot with nothing in it. */
const EMPTY_SLOT: Device = {
  read: (offset) => (offset === 0 ? 0x74726976 : offset === 4 ? 2 : 0),
  write: () => true,
};

/**
 * Configuration space of a PCI bus without cards: all ones is what a host bridge answers for a device
 * that is not there (PCI 3.0, 6.1), so a kernel that looks for its network card finds none and boots.
 * Departure from QEMU: its host bridge, 1b36:0008 at 0:0.0, is not there either.
 */
const NO_CARDS: Device = {
  read: (_, size) => 2 ** (8 * size) - 1,
  write: () => true,
};

export class Board {
  readonly harts: readonly Hart[];
  readonly ram: Ram;
  /** Instructions of all harts so far, and those that were skipped while all waited. */
  clock = 0;
  /** Gets every byte that the guest prints. */
  onOutput: (byte: number) => void = () => undefined;
  private readonly clint: Clint;
  private readonly plic: Plic;
  private readonly uart: Uart;
  private readonly disk: VirtioBlk;

  /**
   * @param kernel the bytes of an ELF file.
   * @param disk the disk's image; it is copied.
   * @throws Refusal when one of them cannot be used on this board.
   */
  constructor(kernel: Uint8Array, disk: Uint8Array, config: BoardConfig) {
    const elf = readElf(kernel);
    if (disk.length % SECTOR_BYTES !== 0) {
      throw new Refusal(
        `the disk has ${disk.length} bytes, no multiple of ${SECTOR_BYTES}: it is cut`,
      );
    }
    const bus = new Bus();
    const ram = new Ram(config.memory * MIB, config.harts);
    this.ram = ram;
    this.harts = Array.from(
      { length: config.harts },
      (_, id) => new Hart(id, ram, bus, config.ratio),
    );
    this.clint = new Clint(this.harts);
    this.plic = new Plic(this.harts);
    this.uart = new Uart(
      (byte) => this.onOutput(byte),
      () => this.plic.raise(UART_IRQ),
    );
    const raiseDisk = (): void => this.plic.raise(DISK_IRQ);
    this.disk = new VirtioBlk(new Uint8Array(disk), ram, config.legacyDisk, raiseDisk);
    const devices = [this.clint, this.plic, this.uart, this.disk];
    for (const [index, { at, bytes }] of DEVICES.entries()) bus.map(at, bytes, devices[index]!);
    for (let slot = 0; slot < 7; slot++) bus.map(EMPTY_SLOTS + slot * 0x1000, 0x1000, EMPTY_SLOT);
    bus.map(PCI_CONFIGURATION.at, PCI_CONFIGURATION.bytes, NO_CARDS);
    this.load(elf);
  }

  /**
   * Lets a hart execute.
   *
   * @param most instructions at most; fewer when the hart waits for an interrupt.
   * @returns how many it were.
   */
  turn(id: number, most: number): number {
    const hart = this.harts[id]!;
    hart.turnBegan = this.clock;
    this.clint.current = hart;
    const count = run(hart, most);
    this.clock += count;
    return count;
  }

  /**
   * Whether a hart spins on memory that nobody has changed. To tell, it executes up to
   * {@link SPIN_MOST} instructions, which count as any others.
   */
  spins(id: number): boolean {
    const hart = this.harts[id]!;
    const { pcLo, pcHi } = hart;
    const registers = hart.x.slice();
    for (let count = 0; count < SPIN_MOST && changesRegistersOnly(hart); count++) {
      this.turn(id, 1);
      if (hart.pcLo !== pcLo || hart.pcHi !== pcHi) continue;
      return hart.x.every((half, index) => half === registers[index]);
    }
    return false;
  }

  /** Whether a hart has something to do: it does not wait, or what it waits for has come. */
  canRun(id: number): boolean {
    const hart = this.harts[id]!;
    if (!hart.waiting) return true;
    hart.turnBegan = this.clock;
    refreshTimers(hart);
    return (hart.c[MIP]! & hart.c[MIE]!) !== 0;
  }

  /**
   * When no hart can run: moves the clock to the next timer that a hart waits for. False if there is
   * none, so that only something typed can wake anybody.
   */
  skipToTimer(): boolean {
    const next = Math.min(...this.harts.map(({ deadline }) => deadline));
    if (next === Number.POSITIVE_INFINITY) return false;
    this.clock = Math.max(this.clock, Math.ceil(next));
    return true;
  }

  /** Instructions of all harts: the clock without what was skipped. */
  get executed(): number {
    return this.harts.reduce((sum, { retired, done }) => sum + retired + done, 0);
  }

  /** The hart whose turn it is, or was last. */
  get current(): number {
    return this.clint.current?.id ?? 0;
  }

  /** Bytes from the terminal. */
  type(bytes: Uint8Array): void {
    this.uart.receive(bytes);
  }

  /** Whether the guest has read everything that was typed. */
  get readAll(): boolean {
    return this.uart.drained;
  }

  take(): BoardImage {
    return {
      ram: this.ram.take(),
      harts: this.harts.map((hart) => hart.take()),
      clock: this.clock,
      current: this.current,
      plic: this.plic.take(),
      uart: this.uart.take(),
      disk: this.disk.take(),
    };
  }

  restore(image: BoardImage): void {
    this.ram.restore(image.ram);
    for (const [id, hart] of this.harts.entries()) hart.restore(image.harts[id]!);
    this.clock = image.clock;
    this.clint.current = this.harts[image.current]!;
    this.plic.restore(image.plic);
    this.uart.restore(image.uart);
    this.disk.restore(image.disk);
  }

  /**
   * 32 bits that depend on memory, registers, clock and disk. To be asked for between turns. How
   * turns were cut does not matter: what is pending is brought up to date first. Costs what was
   * stored to since the last digest: 4 KiB of hashing a page, and a word for each other page.
   */
  digest(): number {
    const { disk, ram } = this;
    for (const hart of this.harts) {
      hart.turnBegan = this.clock;
      refreshTimers(hart);
    }
    let hash = mixed(0x811c9dc5 ^ this.clock, ram.pageHashes());
    hash = mixed(hash, disk.pageHashes());
    for (const { x, f, c, pcLo, pcHi, privilege } of this.harts) {
      for (const part of [x, f, c]) hash = mixed(hash, part);
      hash = mixed(hash, Int32Array.of(pcLo, pcHi, privilege));
    }
    return hash >>> 0;
  }

  private load(elf: Elf): void {
    const { ram } = this;
    const tree = deviceTree({
      harts: this.harts.length,
      ramStart: RAM_BASE,
      ramBytes: ram.size,
      timebase: TIMEBASE,
      devices: DEVICES,
    });
    const treeAt = ram.size - 2 * MIB;
    for (const { address, bytes, size } of elf.segments) {
      const offset = address - RAM_BASE;
      if (offset < 0) {
        const where = `0x${address.toString(16)}`;
        throw new Refusal(
          `it loads at ${where}, below RAM at 0x80000000: no kernel for this board`,
        );
      }
      if (offset + size > treeAt) {
        throw new Refusal(`it needs more memory than ${ram.size / MIB} MiB`);
      }
      ram.write(offset, bytes);
    }
    const entry = elf.entry - RAM_BASE;
    if (!(entry >= 0 && entry < treeAt)) throw new Refusal('its entry is not in RAM');
    ram.write(treeAt, tree);
    for (const hart of this.harts) {
      hart.pcLo = elf.entry | 0;
      hart.x[2 * 10] = hart.id;
      hart.x[2 * 11] = RAM_BASE + treeAt;
      // On QEMU mtimecmp resets to 0 and a timer interrupt is pending; stimecmp is out of the way.
      hart.c.fill(-1, STIMECMP, STIMECMP + 2);
      hart.c.fill(0, MTIMECMP, MTIMECMP + 2);
    }
  }
}
