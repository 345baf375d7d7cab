#!/usr/bin/env bash
# After an Sv39 page fault Unicorn 2.1 says that the hart stands 4 bytes past the instruction that faulted,
# also when that instruction has 2 bytes; none of the trap CSRs says what happened or where.
# Privileged manual, "Machine Exception Program Counter" and "Supervisor Trap Value": the epc is the address
# of the instruction that encountered the exception, the tval of a page fault is the faulting address.
# Here the guest in S-mode runs c.ld a0,0(a1); c.addi a2,1; c.addi a3,1 on a page whose PTE is not yet valid.
# The host does what a lazily allocating kernel does, in the interrupt hook's place: makes the PTE valid and
# goes on from the pc that it is told. Then the load is lost *and* the instruction after it. Going on from
# pc - 4 happens to be right; for a load that meets memory not mapped by the host (UC_ERR_READ_UNMAPPED) pc is
# exact, and pc - 4 would be wrong. One engine, two rules, and the error tells only which of the two it was.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check unicorn==2.1.4
"$T/v/bin/python" - <<'PY'
import struct
from importlib.metadata import version
from unicorn import Uc, UcError, UC_ARCH_RISCV, UC_MODE_RISCV64, UC_HOOK_INTR, UC_ERR_READ_UNMAPPED
from unicorn import riscv_const as k
print("unicorn", version("unicorn"))
ENTER, BODY, PAGE, ROOT = 0x40000, 0x40010, 0x50000, 0x100000
x = lambda n: k.UC_RISCV_REG_X0 + n
code = struct.pack("<4I", 0x18051073, 0x34159073, 0x30061073, 0x30200073)  # csrw satp,a0; mepc,a1; mstatus,a2; mret
code += struct.pack("<3H", 0x6188, 0x0605, 0x0685)                         # c.ld a0,0(a1); c.addi a2,1; c.addi a3,1
pte = lambda address, flags: struct.pack("<Q", address >> 12 << 10 | flags)

def guest(paged):
    uc = Uc(UC_ARCH_RISCV, UC_MODE_RISCV64)
    uc.mem_map(0x40000, 0x11000)
    uc.mem_map(ROOT, 0x3000)
    uc.mem_write(ENTER, code)
    uc.mem_write(PAGE, struct.pack("<Q", 0x1234))
    uc.mem_write(ROOT, pte(ROOT + 0x1000, 1))
    uc.mem_write(ROOT + 0x1000, pte(ROOT + 0x2000, 1))
    uc.mem_write(ROOT + 0x2000 + 8 * 0x40, pte(0x40000, 0xcf))             # the code; the page itself: not valid
    if paged:
        for reg, value in ((10, 8 << 60 | ROOT >> 12), (11, BODY), (12, 0x800)): uc.reg_write(x(reg), value)
        uc.emu_start(ENTER, BODY, count=4)                                 # now in S-mode, under Sv39
    for reg, value in ((10, 0), (11, PAGE), (12, 0), (13, 0)): uc.reg_write(x(reg), value)
    return uc

def show(uc): return tuple(uc.reg_read(x(n)) for n in (10, 12, 13))

causes = []
def fault(uc):
    uc.hook_add(UC_HOOK_INTR, lambda u, cause, _: (causes.append(cause), u.emu_stop()))
    uc.emu_start(BODY, BODY + 6)
    uc.mem_write(ROOT + 0x2000 + 8 * 0x50, pte(PAGE, 0xc7))                # the lazy allocation
    return uc.reg_read(k.UC_RISCV_REG_PC)
results = {}
for back in (0, 4):
    uc = guest(True)
    pc = fault(uc)
    csrs = [uc.reg_read(r) for r in (k.UC_RISCV_REG_SEPC, k.UC_RISCV_REG_SCAUSE, k.UC_RISCV_REG_STVAL, k.UC_RISCV_REG_MCAUSE, k.UC_RISCV_REG_MTVAL)]
    uc.emu_start(pc - back, BODY + 6)
    results[back] = show(uc)
    print(f"page fault, cause {causes[-1]}, at {BODY:#x}: pc {pc:#x}; sepc scause stval mcause mtval {csrs};",
          f"going on from pc{-back or ''}: a0=%#x a2=%d a3=%d" % results[back])
    assert (causes[-1], pc) == (13, BODY + 4), "the behaviour has changed"

uc = guest(False)                                                          # no paging; memory that the host lacks
uc.reg_write(x(11), 0x90000)
try: uc.emu_start(BODY, BODY + 6)
except UcError as e: assert e.errno == UC_ERR_READ_UNMAPPED
pc = uc.reg_read(k.UC_RISCV_REG_PC)
print(f"the same load, memory not mapped by the host: pc {pc:#x}")
assert pc == BODY and csrs == [0] * 5, "the behaviour has changed"
assert results == {0: (0, 0, 1), 4: (0x1234, 1, 1)}, "the behaviour has changed"
print("As expected: from the pc that is told, c.ld and the c.addi behind it are lost.")
PY
