/** A flattened device tree (Devicetree Specification 0.4, chapter 5) that describes the board. */

const MAGIC = 0xd00dfeed;
const BEGIN_NODE = 1;
const END_NODE = 2;
const PROPERTY = 3;
const END = 9;
const HEADER_BYTES = 40;
const NO_RESERVATIONS = 16;

type Value = string | readonly number[];

interface Node {
  readonly name: string;
  readonly properties: Readonly<Record<string, Value>>;
  readonly children?: readonly Node[];
}

/** What a kernel may want to know. Addresses and sizes are in bytes. */
export interface BoardDescription {
  readonly harts: number;
  readonly ramStart: number;
  readonly ramBytes: number;
  /** Ticks of mtime in a second. */
  readonly timebase: number;
  readonly devices: readonly { name: string; compatible: string; at: number; bytes: number }[];
}

const range = (at: number, bytes: number): number[] => [0, at, 0, bytes];

export function deviceTree(board: BoardDescription): Uint8Array {
  const cpus = Array.from({ length: board.harts }, (_, index) => ({
    name: `cpu@${index}`,
    properties: {
      device_type: 'cpu',
      reg: [index],
      compatible: 'riscv',
      'riscv,isa': 'rv64imafdc',
      'mmu-type': 'riscv,sv39',
      status: 'okay',
    },
  }));
  const devices = board.devices.map(({ name, compatible, at, bytes }) => ({
    name: `${name}@${at.toString(16)}`,
    properties: { compatible, reg: range(at, bytes) },
  }));
  const cells = { '#address-cells': [2], '#size-cells': [2] };
  const root: Node = {
    name: '',
    properties: { ...cells, compatible: 'riscv-virtio', model: 'riscv-virtio,qemu' },
    children: [
      {
        name: `memory@${board.ramStart.toString(16)}`,
        properties: { device_type: 'memory', reg: range(board.ramStart, board.ramBytes) },
      },
      {
        name: 'cpus',
        properties: {
          '#address-cells': [1],
          '#size-cells': [0],
          'timebase-frequency': [board.timebase],
        },
        children: cpus,
      },
      {
        name: 'soc',
        properties: { ...cells, compatible: 'simple-bus', ranges: [] },
        children: devices,
      },
    ],
  };
  return flatten(root);
}

function flatten(root: Node): Uint8Array {
  const tokens: number[] = [];
  const names: number[] = [];
  node(root, tokens, names);
  word(tokens, END);
  const structure = HEADER_BYTES + NO_RESERVATIONS;
  const strings = structure + tokens.length;
  const total = strings + names.length;
  const header: number[] = [];
  const fields = [MAGIC, total, structure, strings, HEADER_BYTES, 17, 16, 0, names.length];
  for (const field of [...fields, tokens.length]) word(header, field);
  return Uint8Array.of(...header, ...new Array(NO_RESERVATIONS).fill(0), ...tokens, ...names);
}

function node({ name, properties, children = [] }: Node, tokens: number[], names: number[]): void {
  word(tokens, BEGIN_NODE);
  padded(tokens, text(name));
  for (const [key, value] of Object.entries(properties)) {
    const bytes = typeof value === 'string' ? text(value) : cells(value);
    word(tokens, PROPERTY);
    word(tokens, bytes.length);
    word(tokens, names.length);
    names.push(...text(key));
    padded(tokens, bytes);
  }
  for (const child of children) node(child, tokens, names);
  word(tokens, END_NODE);
}

function word(into: number[], value: number): void {
  into.push(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function cells(values: readonly number[]): number[] {
  const bytes: number[] = [];
  for (const value of values) word(bytes, value);
  return bytes;
}

function text(value: string): number[] {
  return [...value].map((letter) => letter.charCodeAt(0)).concat(0);
}

function padded(into: number[], bytes: readonly number[]): void {
  into.push(...bytes);
  while (into.length % 4 !== 0) into.push(0);
}
