/** A 16550 UART as kernels use it. Bytes are out at once; what is typed waits until it is read. */

import type { Device } from './bus.ts';

const RBR_THR = 0;
const IER = 1;
const IIR_FCR = 2;
const LCR = 3;
const LSR = 5;
const DLAB = 0x80;
const RECEIVE = 1;
const TRANSMIT = 2;
/** The transmitter is empty, twice: nothing ever waits to be sent. */
const SENT = 0x60;

export interface UartImage {
  readonly registers: Uint8Array;
  readonly divisor: Uint8Array;
  readonly typed: readonly number[];
  readonly empty: boolean;
}

/** Accesses of 1 byte. */
export class Uart implements Device {
  private readonly send: (byte: number) => void;
  private readonly interrupt: () => void;
  /** IER, FCR, LCR, MCR, scratch at their offsets. */
  private readonly registers = new Uint8Array(8);
  private readonly divisor = Uint8Array.of(0x0c, 0);
  private typed: number[] = [];
  /** "The transmitter became empty" has not been reported yet. */
  private empty = false;

  constructor(send: (byte: number) => void, interrupt: () => void) {
    this.send = send;
    this.interrupt = interrupt;
    this.registers[4] = 8;
  }

  /** Bytes arrive from the terminal. */
  receive(bytes: Uint8Array): void {
    this.typed.push(...bytes);
    this.update();
  }

  /** Whether everything typed has been read. */
  get drained(): boolean {
    return this.typed.length === 0;
  }

  read(offset: number, size: number): number | undefined {
    if (size !== 1) return undefined;
    switch (offset) {
      case RBR_THR:
        return this.setsDivisor() ? this.divisor[0] : this.next();
      case IER:
        return this.setsDivisor() ? this.divisor[1] : this.registers[IER];
      case IIR_FCR:
        return this.identify();
      case LSR:
        return SENT | (this.drained ? 0 : 1);
      case 6:
        return 0xb0;
      default:
        return this.registers[offset] ?? 0;
    }
  }

  write(offset: number, size: number, value: number): boolean {
    if (size !== 1) return false;
    const byte = value & 0xff;
    if (offset < 2 && this.setsDivisor()) this.divisor[offset] = byte;
    else if (offset === RBR_THR) {
      this.send(byte);
      this.empty = true;
      this.update();
    } else if (offset === IER) this.enable(byte & 15);
    else if (offset === IIR_FCR) this.control(byte);
    else if (offset < 8) this.registers[offset] = byte;
    return true;
  }

  take(): UartImage {
    const { registers, divisor, typed, empty } = this;
    return { registers: registers.slice(), divisor: divisor.slice(), typed: [...typed], empty };
  }

  restore(image: UartImage): void {
    this.registers.set(image.registers);
    this.divisor.set(image.divisor);
    this.typed = [...image.typed];
    this.empty = image.empty;
  }

  private setsDivisor(): boolean {
    return (this.registers[LCR]! & DLAB) !== 0;
  }

  private next(): number {
    const byte = this.typed.shift() ?? 0;
    this.update();
    return byte;
  }

  /** Enabling the transmit interrupt anew reports an empty transmitter once more. */
  private enable(wanted: number): void {
    if ((wanted & ~this.registers[IER]! & TRANSMIT) !== 0) this.empty = true;
    this.registers[IER] = wanted;
    this.update();
  }

  private control(byte: number): void {
    this.registers[IIR_FCR] = byte & 0xc9;
    if ((byte & 2) !== 0) this.typed = [];
    if ((byte & 4) !== 0) this.empty = true;
    this.update();
  }

  /** Which interrupt it is; reading "transmitter empty" acknowledges it. */
  private identify(): number {
    const fifos = (this.registers[IIR_FCR]! & 1) !== 0 ? 0xc0 : 0;
    const enabled = this.registers[IER]!;
    if ((enabled & RECEIVE) !== 0 && !this.drained) return fifos | 4;
    if ((enabled & TRANSMIT) === 0 || !this.empty) return fifos | 1;
    this.empty = false;
    return fifos | 2;
  }

  private update(): void {
    const enabled = this.registers[IER]!;
    const received = (enabled & RECEIVE) !== 0 && !this.drained;
    if (received || ((enabled & TRANSMIT) !== 0 && this.empty)) this.interrupt();
  }
}
