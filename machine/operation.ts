/**
 * Operations: the atomic accesses to shared state between which the scheduler may switch.
 *
 * A thread *announces* an operation (kind and up to three operands) and parks; the operation is
 * *performed* when the scheduler lets the thread step. Numbers, not objects, because an execution
 * performs thousands of them and must not allocate.
 */

/** Index of a 32-bit word in physical memory; kernel data and frames share one numbering. */
export type Address = number;

/** Nothing announced: the thread is running, or off its CPU. */
export const NONE = 0;
/** A thread that was never run; performing it runs the thread to its first real operation. */
export const START = 1;
/**
 * a = address, b = MARKED for a load that is meant to race, ATOMIC for one of an atomic cell. Answers
 * the value.
 */
export const LOAD = 2;
/** a = address, b = value. */
export const STORE = 3;
/** a = address, b = addend. Answers the value before. */
export const FETCH_ADD = 4;
/** a = address, b = value. Answers the value before. */
export const EXCHANGE = 5;
/** a = address, b = expected, c = desired. Answers the value before. */
export const COMPARE_EXCHANGE = 6;
/**
 * a = lock word. Waits while it is not 0, then stores the CPU's number + 1. b, c: the guest claims that
 * what follows up to the release only looks at what the lock guards, unless word b holds c; b = 0 for
 * no claim.
 */
export const ACQUIRE = 7;
/**
 * a = lock word. Stores 0, then pops one level of disabled interrupts. Where memory has store buffers, a
 * fence comes first; with b = BEFORE_FENCE it comes behind.
 */
export const RELEASE = 8;
/** a = number of the thread to continue on this CPU, b = the guest's code for the reason. */
export const SWTCH = 9;
export const INTR_ON = 10;
export const INTR_OFF = 11;
/**
 * Waits until a thread is ready (the run line is up) or an interrupt is pending. a = TAKES if the CPU
 * takes the thread, the next that is ready from number b on: answers its number, or -1 for none.
 */
export const WFI = 12;
/** The timer of a CPU interrupts the thread on it; announced by the timer itself. */
export const TIMER = 13;
/** a = virtual byte address, a multiple of 4. Answers the value. */
export const USER_LOAD = 14;
/** a = virtual byte address, b = value. */
export const USER_STORE = 15;
/** a = virtual byte address, b = addend. Answers the value before. */
export const USER_FETCH_ADD = 16;
/** a = virtual byte address, b = value. Answers the value before. */
export const USER_EXCHANGE = 17;
/** a = virtual byte address, b = expected, c = desired. Answers the value before. */
export const USER_COMPARE_EXCHANGE = 18;
/** A system call; number and arguments are in the registers. Answers a0. */
export const ECALL = 19;
/**
 * a = address-space identifier whose translations this CPU forgets, b = EVERY_CPU if all CPUs do:
 * the shootdown that a kernel asks of the firmware (SBI, sbi_remote_sfence_vma_asid).
 */
export const SFENCE = 20;
/** Waits until every store of its CPU is in memory; under sequential consistency it always is. */
export const FENCE = 21;
/** Powers the machine off. */
export const HALT = 22;
/** a = mutex word. Waits while it is not 0, then stores the thread's number + 1. */
export const MUTEX_LOCK = 23;
/** a = mutex word. */
export const MUTEX_UNLOCK = 24;
/** a = semaphore word. Waits while it is 0, then takes one. */
export const SEM_WAIT = 25;
/** a = semaphore word. */
export const SEM_POST = 26;
/** a = condition word, b = mutex word. Releases the mutex and starts to wait, in one operation. */
export const COND_WAIT = 27;
/** The second half of COND_WAIT: signalled and the mutex free; takes the mutex. */
export const COND_WAKE = 28;
/** a = condition word. Wakes the thread that waits longest, if any. */
export const COND_SIGNAL = 29;
/** a = condition word. Wakes all. */
export const COND_BROADCAST = 30;
/** A byte of user memory. a = virtual byte address. Answers 0..255. */
export const USER_LOAD_BYTE = 31;
/** A byte of user memory. a = virtual byte address, b = 0..255. */
export const USER_STORE_BYTE = 32;
/** The thread ended. */
export const ENDED = 33;
/** a = byte address in physical memory, b = 0..255. */
export const STORE_BYTE = 34;
/** A store reaches memory; announced by a lane of its CPU's store buffer. a = address, b = value. */
export const DRAIN = 35;
/** A store to an atomic cell, in memory at once: it waits for the stores before it. a, b as STORE. */
export const ATOMIC_STORE = 36;
/** a = address, b = mask. Answers the value before, as the two after it. */
export const FETCH_AND = 37;
export const FETCH_OR = 38;
export const FETCH_XOR = 39;

/** Operand b of a LOAD that is meant to race. */
export const MARKED = 1;
/** Operand b of a RELEASE whose store comes before its fence. */
export const BEFORE_FENCE = 1;
/** Operand b of a LOAD of an atomic cell. */
export const ATOMIC = 2;
/** Operand a of a WFI that takes a thread. */
export const TAKES = 1;
/** Operand b of an SFENCE for all CPUs. */
export const EVERY_CPU = 1;

/** What reports and traces call each kind. */
export const OPERATION_NAMES: readonly string[] = [
  'none',
  'start',
  'load',
  'store',
  'fetchAdd',
  'exchange',
  'compareExchange',
  'acquire',
  'release',
  'swtch',
  'intrOn',
  'intrOff',
  'wfi',
  'timer',
  'load',
  'store',
  'fetchAdd',
  'exchange',
  'compareExchange',
  'ecall',
  'sfence',
  'fence',
  'halt',
  'lock',
  'unlock',
  'wait',
  'post',
  'condWait',
  'condWake',
  'signal',
  'broadcast',
  'load',
  'store',
  'ended',
  'store',
  'drain',
  'store',
  'fetchAnd',
  'fetchOr',
  'fetchXor',
];
