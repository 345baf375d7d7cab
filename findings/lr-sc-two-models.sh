#!/usr/bin/env bash
# Store-conditional in two models of a RISC-V hart, run with the same two instructions; each lets an SC
# succeed that the manual says must fail, and they are not the same ones.
# "Zalrsc" chapter, load-reserved/store-conditional: an SC must fail "if a store to the reservation set
# from another hart can be observed to occur between the LR and SC", and also after another SC, since
# executing an SC invalidates the reservation "regardless of success or failure".
#   Unicorn compares the *value*: two harts that share an engine by context_save and context_restore can
#   store 5 -> 6 -> 5 between LR and SC, each by an SC that succeeds, and the SC of the first hart
#   still succeeds. LR/SC, which is there to be free of ABA, has it.
#   The p-code of pypcode (Ghidra's model) keeps three registers for the reservation. No store of another
#   hart touches them, so even 5 -> 6 is overwritten; and an SC that fails leaves them, so that a second
#   SC succeeds without a second LR.
# A lock or a counter that is checked on either of them alone is checked against another rule.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check pypcode==3.3.3 unicorn==2.1.4
"$T/v/bin/python" - <<'PY'
from importlib.metadata import version
import pypcode
from pypcode import OpCode as O
from unicorn import Uc, UC_ARCH_RISCV, UC_MODE_RISCV64
from unicorn.riscv_const import UC_RISCV_REG_X0

print("unicorn", version("unicorn"), "and pypcode", version("pypcode"))
LR, SC = 0x100535af, 0x18c536af            # lr.d a1,(a0)    sc.d a3,a2,(a0): a3 = 0 if it stored
A, ELSEWHERE = 0x2000, 0x2100

class Unicorn:                             # one engine, a context per hart
    def __init__(self):
        self.uc = Uc(UC_ARCH_RISCV, UC_MODE_RISCV64)
        self.uc.mem_map(0x1000, 0x2000)
        self.uc.mem_write(0x1000, LR.to_bytes(4, "little") + SC.to_bytes(4, "little"))
        self.harts, self.now = {h: self.uc.context_save() for h in (0, 1)}, 0
    def run(self, hart, offset, address, value):
        if hart != self.now:
            self.harts[self.now] = self.uc.context_save()
            self.uc.context_restore(self.harts[hart])
            self.now = hart
        self.uc.reg_write(UC_RISCV_REG_X0 + 10, address)
        self.uc.reg_write(UC_RISCV_REG_X0 + 12, value)
        self.uc.emu_start(0x1000 + offset, 0x1000 + offset + 4)
        return self.uc.reg_read(UC_RISCV_REG_X0 + 13)
    def lr(self, hart): self.run(hart, 0, A, 0)
    def sc(self, hart, value, address=A): return self.run(hart, 4, address, value)
    def poke(self, value): self.uc.mem_write(A, value.to_bytes(8, "little"))
    def peek(self): return int.from_bytes(self.uc.mem_read(A, 8), "little")

class Pcode:                               # registers per hart, memory shared; whole varnodes are enough here
    def __init__(self):
        self.c, self.memory, self.harts = pypcode.Context("RISCV:LE:64:RV64GC"), {}, ({}, {})
    def run(self, hart, word, address, value):
        cells = self.harts[hart]
        key = lambda v: (v.space.name, v.offset)
        get = lambda v: v.offset if v.space.name == "const" else cells.get(key(v), 0)
        reg = lambda name: key(self.c.registers[name])
        cells[reg("a0")], cells[reg("a2")] = address, value
        for op in self.c.translate(word.to_bytes(4, "little"), base_address=0x1000).ops:
            i, out, code = op.inputs, op.output, op.opcode
            if code == O.IMARK: continue
            elif code == O.COPY: cells[key(out)] = get(i[0])
            elif code == O.INT_EQUAL: cells[key(out)] = int(get(i[0]) == get(i[1]))
            elif code == O.INT_NOTEQUAL: cells[key(out)] = int(get(i[0]) != get(i[1]))
            elif code == O.BOOL_OR: cells[key(out)] = get(i[0]) | get(i[1])
            elif code == O.LOAD: cells[key(out)] = self.memory.get(get(i[1]), 0)
            elif code == O.STORE: self.memory[get(i[1])] = get(i[2])
            elif code == O.CBRANCH:
                if get(i[1]): break        # to the next instruction
            else: raise SystemExit(f"a p-code operation that this script does not know: {code}")
        return cells.get(reg("a3"))
    def lr(self, hart): self.run(hart, LR, A, 0)
    def sc(self, hart, value, address=A): return self.run(hart, SC, address, value)
    def poke(self, value): self.memory[A] = value
    def peek(self): return self.memory[A]

def other_hart_stores(m, *values):
    m.poke(5); m.lr(0)
    for v in values:
        m.lr(1)
        assert m.sc(1, v) == 0 and m.peek() == v, "an undisturbed LR/SC pair failed"
    return m.sc(0, 99), m.peek()
def failed_sc_first(m):
    m.poke(5); m.lr(0)
    assert m.sc(0, 7, ELSEWHERE) == 1, "an SC outside its reservation succeeded"
    return m.sc(0, 99), m.peek()

cases = [
    ("nothing in between", lambda m: other_hart_stores(m), "succeeds", ["succeeds", "succeeds"]),
    ("other hart: 5 to 6", lambda m: other_hart_stores(m, 6), "fails", ["fails", "succeeds"]),
    ("other hart: 5 to 6 to 5", lambda m: other_hart_stores(m, 6, 5), "fails", ["succeeds", "succeeds"]),
    ("own SC elsewhere failed", failed_sc_first, "fails", ["fails", "succeeds"]),
]
print(f"{'between LR and SC':25}{'manual: SC':13}{'unicorn':11}p-code")
for name, case, manual, expected in cases:
    found = []
    for model in (Unicorn(), Pcode()):
        status, word = case(model)
        assert (status == 0) == (word == 99)
        found.append("succeeds" if status == 0 else "fails")
    print(f"{name:25}{manual:13}{found[0]:11}{found[1]}")
    assert found == expected, "the behaviour has changed"
print("As expected: one wrong success in Unicorn, three in the p-code.")
PY
