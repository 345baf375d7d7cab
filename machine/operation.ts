/**
 * Operations: the atomic accesses to shared state between which the scheduler may switch.
 *
 * A thread *announces* an operation (kind and up to three operands) and parks; the operation is
 * *performed* when the scheduler lets the thread step. Numbers, not objects, because an execution
 * performs thousands of them and must not allocate.
 *
 * This file has the kinds and nothing else. What is true of each, whoever asks, is in traits.ts; what
 * operands mean that are codes, in operands.ts.
 */

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
/** a = mutex word, b = 0. Takes the mutex if it is free. Answers 1 if it did, 0 if not. */
export const MUTEX_TRY = 40;
/**
 * a = word of a readers–writer lock: 0 while it is free, the number + 1 of the thread that writes, or
 * minus how many threads read. Waits while a thread writes.
 */
export const READ_LOCK = 41;
export const READ_UNLOCK = 42;
/** a as READ_LOCK. Waits while a thread reads or writes. */
export const WRITE_LOCK = 43;
export const WRITE_UNLOCK = 44;
/** a = word of a barrier, b = threads that it waits for. Answers 1 to the last, who wakes the others. */
export const BARRIER_ARRIVE = 45;
/** The second half of BARRIER_ARRIVE for all but the last: waits until they have come. Answers 0. */
export const BARRIER_PASS = 46;
/**
 * a = first word of a channel, how many values it has; the number of the place that is taken next and
 * the places follow. b = places, c = value. Waits while all are full.
 */
export const SEND = 47;
/** a, b as SEND. Waits while the channel is empty. Answers the value that was sent first. */
export const RECEIVE = 48;
/** a = word of a parker, 1 if it has a token. Waits for it and takes it. */
export const PARK = 49;
/** a = word of a parker. Gives it its token, if it has none. */
export const UNPARK = 50;
/** a = word: 0 not done, -1 done, else the number + 1 of who does it; b = 0. Answers 1 to who is to. */
export const ONCE_ENTER = 51;
export const ONCE_LEAVE = 52;
/** a = word of a task: 0, then 1 when it was started, then 2 when it has ended. */
export const TASK_START = 53;
/** The task waits to be started. a as TASK_START. */
export const TASK_BEGIN = 54;
export const TASK_END = 55;
/** Waits until a task has ended. a as TASK_START. */
export const TASK_JOIN = 56;
/** a = condition word. Wakes the thread that waits longest, if any, for no reason. */
export const COND_SPURIOUS = 57;
/** a = word of a chance, 0 while nobody draws. Waits for that, and begins to draw with 0. */
export const DRAW = 58;
/** The second half of DRAW. Answers the number that was drawn. */
export const DRAWN = 59;
/** a as DRAW, b = how many numbers there are. Waits while somebody draws; makes the number one larger. */
export const DRAW_MORE = 60;
