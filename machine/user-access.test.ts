import { describe, expect, it } from 'vitest';
import { machineOf, prefer, start } from '../property-tests/rig.ts';
import type { Machine } from './machine.ts';
import { makePte, PTE_R, PTE_U, PTE_V, PTE_W, pteAddress } from './mmu.ts';
import * as op from './operation.ts';
import { CAUSE_LOAD_FAULT, CAUSE_LOAD_MISALIGNED, CAUSE_STORE_FAULT } from './seam.ts';
import type { Code, Thread } from './thread.ts';

/** A user page at virtual page 1 of address space 1, which the first CPUs use. */
function withPage(m: Machine, flags: number): { leaf: number; frame: number } {
  const root = m.memory.firstPpn;
  m.words[pteAddress(m.memory, root, 0)] = makePte(root + 1, PTE_V);
  m.words[pteAddress(m.memory, root + 1, 0)] = makePte(root + 2, PTE_V);
  const leaf = pteAddress(m.memory, root + 2, 1);
  m.words[leaf] = makePte(root + 3, PTE_V | PTE_U | flags);
  for (const cpu of m.cpus) {
    cpu.root = root;
    cpu.asid = 1;
  }
  return { leaf, frame: m.memory.frame(root + 3) };
}

describe('a user access', () => {
  it('reaches the frame, word by word and byte by byte', () => {
    const m = machineOf({ cpus: 1 });
    const { frame } = withPage(m, PTE_R | PTE_W);
    const read: number[] = [];
    start(m, function* (): Code<void> {
      m.user(op.USER_STORE, 4096 + 8, 0x01020304) ?? (yield);
      m.user(op.USER_STORE_BYTE, 4096 + 9, 0xff) ?? (yield);
      read.push(m.user(op.USER_LOAD, 4096 + 8) ?? (yield));
      read.push(m.user(op.USER_LOAD_BYTE, 4096 + 11) ?? (yield));
      read.push(m.user(op.USER_FETCH_ADD, 4096 + 8, 1) ?? (yield));
      read.push(m.user(op.USER_COMPARE_EXCHANGE, 4096 + 8, 0x0102ff05, 6) ?? (yield));
      read.push(m.user(op.USER_EXCHANGE, 4096 + 8, 7) ?? (yield));
    });
    m.run(prefer('low'));
    expect(read).toEqual([0x0102ff04, 1, 0x0102ff04, 0x0102ff05, 6]);
    expect(m.words[frame + 2]).toBe(7);
  });

  it('that the handler repairs is repeated', () => {
    const m = machineOf({ cpus: 1 });
    const { leaf, frame } = withPage(m, PTE_R);
    const causes: number[] = [];
    m.trapVector = (_thread, cause, stval) => {
      causes.push(cause, stval);
      return (function* (): Code<void> {
        m.store(leaf, (m.words[leaf] as number) | PTE_W) ?? (yield);
        m.do(op.SFENCE, 1) ?? (yield);
      })();
    };
    start(m, function* (): Code<void> {
      m.user(op.USER_STORE, 4096 + 4, 42) ?? (yield);
    });
    expect(m.run(prefer('low'))).toBe('halted');
    expect(causes).toEqual([CAUSE_STORE_FAULT, 4100]);
    expect(m.words[frame + 1]).toBe(42);
  });

  it('faults outside the mappings, off its alignment and beyond user addresses', () => {
    const m = machineOf({ cpus: 1 });
    withPage(m, PTE_R);
    const causes: number[] = [];
    m.trapVector = (_thread, cause) => {
      causes.push(cause);
      return (function* (): Code<void> {
        m.do(op.HALT, 0) ?? (yield);
      })();
    };
    for (const va of [8192, 4097, -4096, 2 ** 31]) {
      m.reset();
      withPage(m, PTE_R);
      m.threads.length = 0;
      start(m, function* (): Code<void> {
        m.user(op.USER_LOAD, va) ?? (yield);
      });
      expect(m.run(prefer('low'))).toBe('halted');
    }
    expect(causes).toEqual([
      CAUSE_LOAD_FAULT,
      CAUSE_LOAD_MISALIGNED,
      CAUSE_LOAD_FAULT,
      CAUSE_LOAD_FAULT,
    ]);
  });

  it('uses a stale translation until it is flushed on this very CPU', () => {
    const m = machineOf({ cpus: 1 });
    const { leaf, frame } = withPage(m, PTE_R);
    m.words[frame] = 5;
    const read: number[] = [];
    const trapped: number[] = [];
    m.trapVector = (_thread, cause) => {
      trapped.push(cause);
      return (function* (): Code<void> {
        m.do(op.HALT, 0) ?? (yield);
      })();
    };
    start(m, function* (): Code<void> {
      read.push(m.user(op.USER_LOAD, 4096) ?? (yield));
      m.store(leaf, 0) ?? (yield);
      read.push(m.user(op.USER_LOAD, 4096) ?? (yield));
      m.do(op.SFENCE, 1) ?? (yield);
      read.push(m.user(op.USER_LOAD, 4096) ?? (yield));
    });
    m.run(prefer('low'));
    expect(read).toEqual([5, 5]);
    expect(trapped).toEqual([CAUSE_LOAD_FAULT]);
  });

  it('to a private page asks nobody; to a shared one it does', () => {
    for (const shared of [false, true]) {
      const m = machineOf({});
      const { frame } = withPage(m, PTE_R);
      m.memory.setShared(m.memory.ppnOf(frame), shared);
      const code = function* (): Code<void> {
        for (let i = 0; i < 10; i++) m.user(op.USER_LOAD, 4096) ?? (yield);
      };
      start(m, code, code);
      let questions = 0;
      m.run({
        choose(point) {
          questions++;
          return point.enabled[questions % point.enabledCount] as Thread;
        },
      });
      if (shared) expect(questions).toBeGreaterThan(10);
      else expect(questions).toBeLessThan(4);
      expect(m.step).toBe(22);
    }
  });
});
