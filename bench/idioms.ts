/**
 * The prototype behind docs/decisions/0001: what each way of writing "one operation" costs.
 *
 * Whole executions of three threads of forty operations (a lock round each fourth), on the smallest
 * scheduler that can run them, so that nothing but the idiom differs. Two kinds of schedule: *few*
 * asks for a switch about every forty operations (as PCT or round-robin does), *each* draws at every
 * operation (as a random walk does).
 */
import { table } from './lib/table.ts';

type Gen = Generator<void, void, number>;

const LOAD = 0;
const STORE = 1;
const ACQUIRE = 2;
const RELEASE = 3;
const THREADS = 3;
const ROUNDS = 10;

/** Xorshift32: a schedule must cost little here, so that the idiom shows. */
let seed = 1;
function draw(): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed >>> 0;
}

const word = new Int32Array(16);
const pendingKind = new Int32Array(THREADS);
const pendingAddress = new Int32Array(THREADS);
const pendingValue = new Int32Array(THREADS);
const alive = new Uint8Array(THREADS);
let current = 0;
let lease = 0;
let leaseMean = 40;

function enabled(thread: number): boolean {
  if (alive[thread] === 0) return false;
  return pendingKind[thread] !== ACQUIRE || word[pendingAddress[thread] as number] === 0;
}

function pick(): number {
  let count = 0;
  for (let t = 0; t < THREADS; t++) if (enabled(t)) count++;
  if (count === 0) return -1;
  lease = leaseMean === 1 ? 1 : 1 + (draw() % (2 * leaseMean));
  let nth = count === 1 ? 0 : draw() % count;
  for (let t = 0; t < THREADS; t++) if (enabled(t) && nth-- === 0) return t;
  return -1;
}

function perform(kind: number, address: number, value: number): number {
  if (kind === LOAD) return word[address] as number;
  if (kind === STORE) word[address] = value;
  else word[address] = kind === ACQUIRE ? current + 1 : 0;
  return 0;
}

/** Announces; true when another thread goes first. The caller performs when it is false. */
function at(kind: number, address: number, value: number): boolean {
  if (--lease > 0 && !(kind === ACQUIRE && word[address] !== 0)) return false;
  announce(kind, address, value);
  next = pick();
  if (next !== current) return true;
  pendingKind[current] = -1;
  return false;
}

function announce(kind: number, address: number, value: number): void {
  pendingKind[current] = kind;
  pendingAddress[current] = address;
  pendingValue[current] = value;
}

let next = 0;

/** Idiom 1: the operation itself, or undefined and then the driver performs it. */
function direct(kind: number, address: number, value: number): number | undefined {
  return at(kind, address, value) ? undefined : perform(kind, address, value);
}

/** Idiom 3: a generator for each operation, yielding only to switch. */
function* delegated(kind: number, address: number, value: number): Generator<void, number, number> {
  return at(kind, address, value) ? yield : perform(kind, address, value);
}

/** Idiom 4: a generator for each operation that always yields. */
function* always(kind: number, address: number, value: number): Generator<void, number, number> {
  if (!at(kind, address, value)) {
    announce(kind, address, value);
    next = current;
  }
  return yield;
}

function* orYield(x: number): Gen {
  for (let i = 0; i < ROUNDS; i++) {
    direct(ACQUIRE, 0, 0) ?? (yield);
    const v = direct(LOAD, x, 0) ?? (yield);
    direct(STORE, x, v + 1) ?? (yield);
    direct(RELEASE, 0, 0) ?? (yield);
  }
}

function* inlineCheck(x: number): Gen {
  for (let i = 0; i < ROUNDS; i++) {
    if (at(ACQUIRE, 0, 0)) yield;
    else perform(ACQUIRE, 0, 0);
    const v: number = at(LOAD, x, 0) ? yield : perform(LOAD, x, 0);
    if (at(STORE, x, v + 1)) yield;
    else perform(STORE, x, v + 1);
    if (at(RELEASE, 0, 0)) yield;
    else perform(RELEASE, 0, 0);
  }
}

function* yieldStar(x: number): Gen {
  for (let i = 0; i < ROUNDS; i++) {
    yield* delegated(ACQUIRE, 0, 0);
    const v = yield* delegated(LOAD, x, 0);
    yield* delegated(STORE, x, v + 1);
    yield* delegated(RELEASE, 0, 0);
  }
}

function* yieldAlways(x: number): Gen {
  for (let i = 0; i < ROUNDS; i++) {
    yield* always(ACQUIRE, 0, 0);
    const v = yield* always(LOAD, x, 0);
    yield* always(STORE, x, v + 1);
    yield* always(RELEASE, 0, 0);
  }
}

function execution(body: (x: number) => Gen): void {
  word.fill(0);
  const threads = [body(1), body(1), body(1)];
  lease = leaseMean;
  for (let t = 0; t < THREADS; t++) {
    alive[t] = 1;
    pendingKind[t] = -1;
  }
  next = draw() % THREADS;
  while (next >= 0) {
    current = next;
    const kind = pendingKind[current] as number;
    let answer = 0;
    if (kind >= 0) {
      answer = perform(kind, pendingAddress[current] as number, pendingValue[current] as number);
      pendingKind[current] = -1;
    }
    if ((threads[current] as Gen).next(answer).done) {
      alive[current] = 0;
      next = pick();
    }
  }
  if (word[1] !== THREADS * ROUNDS) throw new Error(`lost update in the prototype: ${word[1]}`);
}

function rate(body: (x: number) => Gen, mean: number, milliseconds: number): number {
  leaseMean = mean;
  const end = performance.now() + milliseconds;
  const start = performance.now();
  let count = 0;
  while (performance.now() < end) {
    for (let i = 0; i < 1000; i++) execution(body);
    count += 1000;
  }
  return (count / (performance.now() - start)) * 1000;
}

const idioms = { orYield, inlineCheck, yieldStar, yieldAlways };
const rounds = 5;
const rows: Record<string, number[]> = {};
for (let round = 0; round < rounds; round++) {
  for (const [name, body] of Object.entries(idioms)) {
    for (const mean of [40, 1]) {
      const key = `${name} / ${mean === 1 ? 'each' : 'few'}`;
      rows[key] = [...(rows[key] ?? []), rate(body, mean, 300)];
    }
  }
}
const median = (list: number[]): number =>
  [...list].sort((a, b) => a - b)[list.length >> 1] as number;
const base = (key: string): number =>
  median(rows[`yieldStar / ${key.split(' / ')[1]}`] as number[]);
table(
  ['idiom / schedule', 'executions/s', 'ratio to yield*'],
  Object.entries(rows).map(([key, list]) => [
    key,
    Math.round(median(list)).toLocaleString('en'),
    (median(list) / base(key)).toFixed(2),
  ]),
);
