import type { Address } from './operands.ts';
import * as op from './operation.ts';

/**
 * What is true of each kind of operation, for all who ask: the machine itself, searches, detectors,
 * explanations. A new kind is a number in operation.ts, a row here, and what it does to memory in
 * perform.ts or synchronise.ts.
 */
export interface Traits {
  /** What reports and traces call it. */
  readonly name: string;
  /** What operand a names: a word or a byte of physical memory, or a user's virtual address. */
  readonly a?: 'word' | 'byte' | 'virtual';

  // What it does to memory.

  /** An access to data: a load, a store, or a read-modify-write. */
  readonly access?: 'load' | 'store' | 'modify';
  /** How a read-modify-write makes the new value. */
  readonly update?: 'add' | 'and' | 'or' | 'xor' | 'put' | 'compare';
  /** Whether it is an access of a byte, not of a word. */
  readonly isByte?: true;
  /**
   * How it uses the word that it names, if that is all that it touches: `compare` writes it if it is b
   * and else reads it. The rest are in footprint.ts.
   */
  readonly touches?: 'read' | 'write' | 'compare';
  /** With store buffers: whether it goes into one, or passes what is there. Others wait until it is empty. */
  readonly buffer?: 'fills' | 'passes';

  // When it can be performed.

  /** What the word that it names must be first. `free` is 0, of a lock whose word says who holds it. */
  readonly until?: Until;
  /** What it waits for that is no word: a thread that is ready, a signal, the last at a barrier. */
  readonly waitsFor?: 'ready' | 'signal' | 'last';
  /** Whether a thread that waits there for ever has no part in the execution. */
  readonly isDormant?: true;
  /** Whether it is announced in any case: it may have to wait, or has a second half that does. */
  readonly asksFirst?: true;

  /** What it does to other threads: see `tell` in meaning.ts. Without, it is nobody's business. */
  readonly means?: Meaning;

  // What it is to a scheduler.

  /** The thread's first step, which does nothing. */
  readonly begins?: true;
  /** The end of every thread. */
  readonly ends?: true;
  /** A store that left its CPU's buffer: no thread's own. */
  readonly isDrain?: true;
  /** Waits only for its CPU's buffer. */
  readonly isFence?: true;
  /** Whether it can carry the claim that what follows it only looks: see ACQUIRE. */
  readonly claims?: true;
  /** Whether it calls the kernel. */
  readonly isCall?: true;
}

type Meaning =
  | 'load'
  | 'store'
  | 'atomicStore'
  | 'byteStore'
  | 'modify'
  // Locks whose word says who holds them. The two of a readers–writer lock order readers and writers, too.
  | 'take'
  | 'try'
  | 'drop'
  | 'writeLock'
  | 'readUnlock'
  // Who learns at a word comes after who tells there, whose knowledge replaces that of others, and after
  // all who add theirs. Who meets adds, and the last to come learns. A place is one of a channel.
  | 'learn'
  | 'tell'
  | 'add'
  | 'meet'
  | 'place'
  // Semaphores, and conditions.
  | 'down'
  | 'post'
  | 'wait'
  | 'woken'
  | 'signal'
  | 'broadcast'
  | 'rouse'
  // Translations.
  | 'flush';

const UNTIL = [
  'free',
  'zero',
  'positive',
  'notPositive',
  'belowB',
  'positiveBelowB',
  'two',
] as const;
type Until = (typeof UNTIL)[number];

/** Every export of operation.ts is a kind. */
export type Kind = (typeof op)[keyof typeof op];

const LOCK = { a: 'word', touches: 'write', until: 'free', means: 'take' } as const;
const UNLOCK = { a: 'word', touches: 'write', means: 'drop' } as const;
const LOAD = { access: 'load', touches: 'read', buffer: 'passes' } as const;
const STORE = { access: 'store', touches: 'write', buffer: 'fills' } as const;
const MODIFY = { access: 'modify', touches: 'write' } as const;
const COMPARE = { access: 'modify', update: 'compare', touches: 'compare' } as const;
const ASIDE = { buffer: 'passes' } as const;
const PART = { a: 'word', touches: 'write' } as const;

const TABLE: { readonly [kind in Kind]: Traits } = {
  [op.NONE]: { name: 'none' },
  [op.START]: { name: 'start', begins: true, ...ASIDE },
  [op.LOAD]: { name: 'load', means: 'load', a: 'word', ...LOAD },
  [op.STORE]: { name: 'store', means: 'store', a: 'word', ...STORE },
  [op.FETCH_ADD]: { name: 'fetchAdd', means: 'modify', a: 'word', update: 'add', ...MODIFY },
  [op.EXCHANGE]: { name: 'exchange', means: 'modify', a: 'word', update: 'put', ...MODIFY },
  [op.COMPARE_EXCHANGE]: { name: 'compareExchange', means: 'modify', a: 'word', ...COMPARE },
  [op.ACQUIRE]: { name: 'acquire', claims: true, ...LOCK },
  [op.RELEASE]: { name: 'release', ...UNLOCK },
  [op.SWTCH]: { name: 'swtch', ...ASIDE },
  [op.INTR_ON]: { name: 'intrOn', ...ASIDE },
  [op.INTR_OFF]: { name: 'intrOff', ...ASIDE },
  [op.WFI]: { name: 'wfi', waitsFor: 'ready', asksFirst: true },
  [op.TIMER]: { name: 'timer', ...ASIDE },
  [op.USER_LOAD]: { name: 'load', a: 'virtual', ...LOAD },
  [op.USER_STORE]: { name: 'store', a: 'virtual', ...STORE },
  [op.USER_FETCH_ADD]: { name: 'fetchAdd', a: 'virtual', update: 'add', ...MODIFY },
  [op.USER_EXCHANGE]: { name: 'exchange', a: 'virtual', update: 'put', ...MODIFY },
  [op.USER_COMPARE_EXCHANGE]: { name: 'compareExchange', a: 'virtual', ...COMPARE },
  [op.ECALL]: { name: 'ecall', isCall: true, ...ASIDE },
  [op.SFENCE]: { name: 'sfence', means: 'flush' },
  [op.FENCE]: { name: 'fence', isFence: true },
  [op.HALT]: { name: 'halt', ends: true },
  [op.MUTEX_LOCK]: { name: 'lock', ...LOCK },
  [op.MUTEX_UNLOCK]: { name: 'unlock', ...UNLOCK },
  [op.SEM_WAIT]: { name: 'wait', means: 'down', until: 'positive', ...PART },
  [op.SEM_POST]: { name: 'post', means: 'post', ...PART },
  [op.COND_WAIT]: { name: 'condWait', a: 'word', means: 'wait', asksFirst: true },
  [op.COND_WAKE]: { name: 'condWake', a: 'word', means: 'woken', waitsFor: 'signal' },
  [op.COND_SIGNAL]: { name: 'signal', a: 'word', means: 'signal' },
  [op.COND_BROADCAST]: { name: 'broadcast', a: 'word', means: 'broadcast' },
  [op.USER_LOAD_BYTE]: { name: 'load', a: 'virtual', isByte: true, ...LOAD },
  [op.USER_STORE_BYTE]: { name: 'store', a: 'virtual', isByte: true, ...STORE },
  [op.ENDED]: { name: 'ended', ...ASIDE },
  [op.STORE_BYTE]: { name: 'store', means: 'byteStore', a: 'byte', isByte: true, ...STORE },
  [op.DRAIN]: { name: 'drain', a: 'word', isDrain: true, ...ASIDE },
  [op.ATOMIC_STORE]: { name: 'store', means: 'atomicStore', access: 'store', ...PART },
  [op.FETCH_AND]: { name: 'fetchAnd', means: 'modify', a: 'word', update: 'and', ...MODIFY },
  [op.FETCH_OR]: { name: 'fetchOr', means: 'modify', a: 'word', update: 'or', ...MODIFY },
  [op.FETCH_XOR]: { name: 'fetchXor', means: 'modify', a: 'word', update: 'xor', ...MODIFY },
  [op.MUTEX_TRY]: { name: 'tryLock', means: 'try', a: 'word', touches: 'compare' },
  [op.READ_LOCK]: { name: 'readLock', means: 'learn', until: 'notPositive', ...PART },
  [op.READ_UNLOCK]: { name: 'readUnlock', means: 'readUnlock', ...PART },
  [op.WRITE_LOCK]: { name: 'writeLock', means: 'writeLock', until: 'zero', ...PART },
  [op.WRITE_UNLOCK]: { name: 'writeUnlock', ...UNLOCK },
  [op.BARRIER_ARRIVE]: { name: 'arrive', means: 'meet', a: 'word', asksFirst: true },
  [op.BARRIER_PASS]: { name: 'pass', means: 'learn', a: 'word', waitsFor: 'last' },
  [op.SEND]: { name: 'send', means: 'place', until: 'belowB', ...PART },
  [op.RECEIVE]: { name: 'receive', means: 'place', until: 'positive', ...PART },
  [op.PARK]: { name: 'park', means: 'learn', until: 'positive', ...PART },
  [op.UNPARK]: { name: 'unpark', means: 'add', ...PART },
  [op.ONCE_ENTER]: {
    ...{ name: 'enter', means: 'learn', a: 'word', touches: 'compare', until: 'notPositive' },
  },
  [op.ONCE_LEAVE]: { name: 'leave', means: 'tell', ...PART },
  [op.TASK_START]: { name: 'start', means: 'tell', ...PART },
  [op.TASK_BEGIN]: {
    ...{ name: 'begin', means: 'learn', a: 'word', touches: 'read' },
    ...{ until: 'positive', isDormant: true },
  },
  [op.TASK_END]: { name: 'end', means: 'tell', ...PART },
  [op.TASK_JOIN]: { name: 'join', means: 'learn', a: 'word', touches: 'read', until: 'two' },
  [op.COND_SPURIOUS]: { name: 'spuriousWakeup', a: 'word', means: 'rouse' },
  [op.DRAW]: { name: 'draw', until: 'zero', asksFirst: true, ...PART },
  [op.DRAWN]: { name: 'drawn', ...PART },
  [op.DRAW_MORE]: { name: 'drawMore', until: 'positiveBelowB', isDormant: true, ...PART },
};

/** By kind. */
export const TRAITS: readonly Traits[] = Object.values(TABLE);

/** What reports and traces call each kind. */
export const OPERATION_NAMES: readonly string[] = TRAITS.map(({ name }) => name);

/** By kind: 1 if that holds. Lookups, since some are asked at every step. */
function those(holds: (traits: Traits) => boolean): Uint8Array {
  return Uint8Array.from(TRAITS, (traits) => (holds(traits) ? 1 : 0));
}

/** By kind: which of several it has, by its number from 1; 0 for none. */
function which<T>(of: (traits: Traits) => T | undefined, all: readonly T[]): Uint8Array {
  return Uint8Array.from(TRAITS, (traits) => all.indexOf(of(traits) as T) + 1);
}

const NAMES_WORD = those(({ a }) => a === 'word');
const USER = those(({ a }) => a === 'virtual');
const BYTE = those(({ isByte }) => isByte === true);
const LOADS = those(({ access }) => access === 'load');
const MODIFIES = those(({ access }) => access === 'modify');
const WRITES = those(({ access }) => access === 'store' || access === 'modify');
const COMPARES = those(({ touches }) => touches === 'compare');
const WAITS_FOR_WORD = those(({ until }) => until !== undefined);
const WAITS = those(({ until, waitsFor }) => until !== undefined || waitsFor !== undefined);
const ASKS_FIRST = those(({ asksFirst }) => asksFirst === true);
const DORMANT = those(({ isDormant }) => isDormant === true);
const LOCKS = those(({ until }) => until === 'free');
const FOR_SIGNAL = those(({ waitsFor }) => waitsFor === 'signal');
const FOR_READY = those(({ waitsFor }) => waitsFor === 'ready');
const CLAIMS = those(({ claims }) => claims === true);
const WAKES = those(({ means = '' }) => ['signal', 'broadcast', 'rouse'].includes(means));
const BEGINS = those(({ begins }) => begins === true);
const ENDS = those(({ ends }) => ends === true);
const DRAINS = those(({ isDrain }) => isDrain === true);
const FENCES = those(({ isFence }) => isFence === true);
const CALLS = those(({ isCall }) => isCall === true);
const FILLS = those(({ buffer }) => buffer === 'fills');
const PASSES = those(({ buffer }) => buffer !== undefined);
const UNTILS = which(({ until }) => until, UNTIL);
const UPDATES = which(({ update }) => update, ['add', 'xor', 'put', 'and', 'or', 'compare']);
const [ADD, XOR, PUT, AND, OR, COMPARED] = [1, 2, 3, 4, 5, 6];

/** Whether operand a is the address of a word. */
export const namesWord = (kind: number): boolean => NAMES_WORD[kind] === 1;
/** The word that operand a names, itself or a byte of it; -1 for a kind that names none. */
export function wordNamed(kind: number, a: number): Address | -1 {
  if (NAMES_WORD[kind] === 1) return a;
  return TRAITS[kind]?.a === 'byte' ? a >> 2 : -1;
}

/** Whether it is an access of a user program, through the MMU. */
export const isUserAccess = (kind: number): boolean => USER[kind] === 1;
/** Whether it is an access of one byte. */
export const isOfByte = (kind: number): boolean => BYTE[kind] === 1;
/** Whether it is a load, and nothing else. */
export const isLoad = (kind: number): boolean => LOADS[kind] === 1;
/** Whether it is a read-modify-write. */
export const modifies = (kind: number): boolean => MODIFIES[kind] === 1;
/** Whether it is a store or a read-modify-write. */
export const stores = (kind: number): boolean => WRITES[kind] === 1;
/** Whether it stores only if it finds what operand b says. */
export const comparesFirst = (kind: number): boolean => COMPARES[kind] === 1;
/** Whether it goes into its CPU's store buffer, if there is one. */
export const fillsBuffer = (kind: number): boolean => FILLS[kind] === 1;
/** Whether it does not wait until that is empty. */
export const passesBuffer = (kind: number): boolean => PASSES[kind] === 1;
/** Whether it waits for nothing but that. */
export const isFence = (kind: number): boolean => FENCES[kind] === 1;
/** Whether it is a store that comes from a buffer. */
export const isDrain = (kind: number): boolean => DRAINS[kind] === 1;
/** Whether it waits for what one word says: a lock, a semaphore and the like. */
export const waitsForWord = (kind: number): boolean => WAITS_FOR_WORD[kind] === 1;
/** Whether it waits for a word, a signal, or a thread to be ready. */
export const canWait = (kind: number): boolean => WAITS[kind] === 1;
/** Whether it is announced in any case: it, or its second half, may have to wait. */
export const asksFirst = (kind: number): boolean => ASKS_FIRST[kind] === 1;
/** Whether a thread that waits there for ever has no part in the execution. */
export const isDormantAt = (kind: number): boolean => DORMANT[kind] === 1;
/** Whether it waits for a lock whose word says who holds it. */
export const waitsForLock = (kind: number): boolean => LOCKS[kind] === 1;
/** Whether it waits for a condition's signal; then it takes a mutex. */
export const waitsForSignal = (kind: number): boolean => FOR_SIGNAL[kind] === 1;
/** Whether it waits until a thread is ready. */
export const waitsForReady = (kind: number): boolean => FOR_READY[kind] === 1;
/** Whether it wakes those who wait at a condition. */
export const wakesWaiters = (kind: number): boolean => WAKES[kind] === 1;
/** Whether it is a thread's first step, which touches nothing. */
export const isBeginning = (kind: number): boolean => BEGINS[kind] === 1;
/** Whether no thread steps after it. */
export const endsAll = (kind: number): boolean => ENDS[kind] === 1;
/** Whether it calls the kernel. */
export const isCall = (kind: number): boolean => CALLS[kind] === 1;
/** Whether it can claim that what follows only looks: see ACQUIRE. */
export const canClaim = (kind: number): boolean => CLAIMS[kind] === 1;

/** Whether it claims that what follows only looks, and b and c say so. */
export function onlyLooks(
  words: Int32Array,
  { kind, b, c }: { readonly kind: number; readonly b: Address; readonly c: number },
): boolean {
  return b !== 0 && CLAIMS[kind] === 1 && words[b] !== c;
}

/** Whether one that `waitsForWord` may go on, by the word's value. */
export function goesOnAt(kind: number, value: number, b: number): boolean {
  switch (UNTILS[kind]) {
    // As in UNTIL.
    case 1:
    case 2:
      return value === 0;
    case 3:
      return value > 0;
    case 4:
      return value <= 0;
    case 5:
      return value < b;
    case 6:
      return value > 0 && value < b;
    default:
      return value === 2;
  }
}

/** Whether it hangs on the value that a read-modify-write finds if it changes it: see `leaves`. */
export function puts(kind: number): boolean {
  const update = UPDATES[kind];
  return update === PUT || update === AND || update === OR;
}

/** Whether one that `puts` leaves the value that it finds. */
export function leaves(kind: number, b: number, value: number): boolean {
  const update = UPDATES[kind];
  if (update === AND) return (value & b) === value;
  if (update === OR) return (value | b) === value;
  return b === value;
}

/** Whether a read-modify-write puts back the value that it finds, whatever that is: it is a read. */
export function keepsValue(kind: number, b: number, c: number): boolean {
  const update = UPDATES[kind];
  if (update === ADD || update === XOR) return b === 0;
  return update === COMPARED && b === c;
}
