import { describe, expect, it } from 'vitest';
import { Layout } from './layout.ts';
import { Memory } from './memory.ts';
import {
  hardwareWalk,
  makePte,
  PTE_A,
  PTE_D,
  PTE_R,
  PTE_U,
  PTE_V,
  PTE_W,
  ppnOfPte,
  pteAddress,
  pteIndex,
  Tlb,
} from './mmu.ts';

const VPN = (3 << 9) | 5;

/** A three-level table that maps VPN to the last frame. */
function mapped(flags: number): { memory: Memory; root: number; leafAt: number; frame: number } {
  const memory = new Memory(new Layout(), 4);
  const root = memory.firstPpn;
  for (let level = 2; level > 0; level--) {
    const table = root + 2 - level;
    memory.words[pteAddress(memory, table, pteIndex(level, VPN))] = makePte(table + 1, PTE_V);
  }
  const leafAt = pteAddress(memory, root + 2, pteIndex(0, VPN));
  memory.words[leafAt] = makePte(root + 3, flags);
  return { memory, root, leafAt, frame: root + 3 };
}

describe('the page-table walk', () => {
  it('finds the frame and marks the entry accessed', () => {
    const { memory, root, leafAt, frame } = mapped(PTE_V | PTE_R | PTE_U);
    const pte = hardwareWalk(memory, root, VPN, PTE_R | PTE_U);
    expect(ppnOfPte(pte)).toBe(frame);
    expect((memory.words[leafAt] as number) & (PTE_A | PTE_D)).toBe(PTE_A);
  });

  it('marks the entry dirty for a store only', () => {
    const { memory, root, leafAt } = mapped(PTE_V | PTE_R | PTE_W | PTE_U);
    hardwareWalk(memory, root, VPN, PTE_R | PTE_U);
    expect((memory.words[leafAt] as number) & PTE_D).toBe(0);
    hardwareWalk(memory, root, VPN, PTE_W | PTE_U);
    expect((memory.words[leafAt] as number) & PTE_D).toBe(PTE_D);
  });

  it('refuses a store to a page that is only readable, and marks nothing', () => {
    const { memory, root, leafAt } = mapped(PTE_V | PTE_R | PTE_U);
    const before = memory.words[leafAt];
    expect(hardwareWalk(memory, root, VPN, PTE_W | PTE_U)).toBe(0);
    expect(memory.words[leafAt]).toBe(before);
  });

  it('refuses user code a page of the kernel', () => {
    const { memory, root } = mapped(PTE_V | PTE_R);
    expect(hardwareWalk(memory, root, VPN, PTE_R | PTE_U)).toBe(0);
  });

  it('refuses a page that is not mapped, and a root that is no memory', () => {
    const { memory, root } = mapped(PTE_V | PTE_R | PTE_U);
    expect(hardwareWalk(memory, root, VPN + 1, PTE_R)).toBe(0);
    expect(hardwareWalk(memory, root, VPN ^ (1 << 9), PTE_R)).toBe(0);
    expect(hardwareWalk(memory, 0, VPN, PTE_R)).toBe(0);
    expect(hardwareWalk(memory, memory.endPpn, VPN, PTE_R)).toBe(0);
  });
});

describe('the TLB', () => {
  it('remembers an entry until it is flushed', () => {
    const tlb = new Tlb();
    tlb.insert(1, VPN, 77);
    expect(tlb.lookup(1, VPN)).toBe(77);
    tlb.flush(1);
    expect(tlb.lookup(1, VPN)).toBe(0);
  });

  it('keeps address spaces apart', () => {
    const tlb = new Tlb();
    tlb.insert(1, VPN, 77);
    expect(tlb.lookup(2, VPN)).toBe(0);
    tlb.insert(2, VPN, 88);
    tlb.flush(2);
    expect(tlb.lookup(1, VPN)).toBe(77);
    expect(tlb.lookup(2, VPN)).toBe(0);
  });

  it('does not answer for another page of the same set', () => {
    const tlb = new Tlb();
    tlb.insert(0, 1, 77);
    expect(tlb.lookup(0, 1 + 64)).toBe(0);
    tlb.insert(0, 1 + 64, 88);
    expect(tlb.lookup(0, 1)).toBe(0);
  });

  it('is empty after power-on', () => {
    const tlb = new Tlb();
    tlb.insert(1, VPN, 77);
    tlb.reset();
    expect(tlb.lookup(1, VPN)).toBe(0);
  });
});
