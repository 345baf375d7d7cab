#!/usr/bin/env bash
# All 49,152 sixteen-bit encodings of RV64GC, sorted by the tables of the "C" chapter ("RVC Instruction Set
# Listings" and "HINT Instructions") into instructions, HINTs and reserved ones, then given to two tools.
#   Capstone 5.0.9 decodes none of the 285 HINTs with rd = x0 except c.nop with a positive immediate. The
#   chapter says that HINTs execute as no-ops on every implementation. c.ntl.all (c.add x0,x5), which
#   compilers emit before a non-temporal load, ends a listing: what follows is not shown. The same hint in
#   four bytes is shown. The 31 encodings of c.lui with immediate 0, which are reserved, it decodes.
#   Unicorn 2.1.4 traps on 233 of the 2,409 reserved ones. The other 2,176 it passes over as no-ops: just the
#   space where "Zcb" (ratified 2023, in profile RVA23) lives. So code for Zcb neither runs nor fails:
#   c.lbu loads nothing, c.sb stores nothing, c.mul does not multiply. An instruction of Zbb does trap.
# Each of them alone looks right on what the other one gets wrong.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check capstone==5.0.9 unicorn==2.1.4
"$T/v/bin/python" - <<'PY'
from collections import Counter
from importlib.metadata import version
import capstone
from unicorn import Uc, UcError, UC_ARCH_RISCV, UC_MODE_RISCV64, UC_HOOK_INTR
from unicorn.riscv_const import UC_RISCV_REG_X0, UC_RISCV_REG_MSTATUS

print("capstone", version("capstone"), "and unicorn", version("unicorn"))

def manual(h):
    q, f3, rd, rs2 = h & 3, h >> 13, h >> 7 & 31, h >> 2 & 31
    imm = (h >> 12 & 1) << 5 | rs2
    if (q, f3) == (0, 0): return "reserved" if h >> 5 & 255 == 0 else "instruction"       # c.addi4spn
    if (q, f3) == (0, 4): return "reserved"
    if (q, f3) == (1, 0): return "instruction" if imm == 0 and rd == 0 else "hint" if rd == 0 or imm == 0 else "instruction"
    if (q, f3) == (1, 1): return "reserved" if rd == 0 else "instruction"                 # c.addiw
    if (q, f3) == (1, 2): return "hint" if rd == 0 else "instruction"                     # c.li
    if (q, f3) == (1, 3): return "reserved" if imm == 0 else "hint" if rd == 0 else "instruction"  # c.lui, c.addi16sp
    if (q, f3) == (1, 4):
        kind = h >> 10 & 3
        if kind < 2: return "hint" if imm == 0 else "instruction"                         # c.srli, c.srai
        if kind == 3 and h >> 12 & 1 and h >> 6 & 1: return "reserved"
    if (q, f3) == (2, 0): return "hint" if rd == 0 or imm == 0 else "instruction"         # c.slli
    if (q, f3) in ((2, 2), (2, 3)): return "reserved" if rd == 0 else "instruction"       # c.lwsp, c.ldsp
    if (q, f3) == (2, 4):
        if rs2 == 0: return "reserved" if h == 0x8002 else "instruction"                  # c.jr, c.jalr, c.ebreak
        return "hint" if rd == 0 else "instruction"                                       # c.mv, c.add
    return "instruction"

md = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64 | capstone.CS_MODE_RISCVC)
uc = Uc(UC_ARCH_RISCV, UC_MODE_RISCV64)
uc.mem_map(0, 0x100000)
uc.reg_write(UC_RISCV_REG_MSTATUS, 0x6000)
caught = []
uc.hook_add(UC_HOOK_INTR, lambda u, number, _: (caught.append(number), u.emu_stop()))
def traps(code):
    caught.clear()
    uc.mem_write(0x40000, code)
    uc.ctl_remove_cache(0x40000, 0x40000 + len(code))
    for r in range(1, 32): uc.reg_write(UC_RISCV_REG_X0 + r, 0x50000)
    try: uc.emu_start(0x40000, 0, count=1)
    except UcError: return True
    return 2 in caught                     # cause 2: illegal instruction

census = Counter()
for h in range(65536):
    if h & 3 == 3: continue
    code = h.to_bytes(2, "little")
    census[manual(h), "shown" if list(md.disasm(code, 0)) else "not shown", "traps" if traps(code) else "runs"] += 1
print(f"{'manual':13}{'capstone':11}{'unicorn':9}encodings")
for row, n in sorted(census.items()): print("%-13s%-11s%-9s%d" % (*row, n))

text = lambda code: [f"{i.mnemonic} {i.op_str}".strip() for i in md.disasm(code, 0)]
tail = bytes.fromhex("8841" "0505")        # c.lw a0,0(a1); c.addi a0,1
four, two = text(bytes.fromhex("33005000") + tail), text(bytes.fromhex("1690") + tail)
print("capstone, ntl.all and two instructions:  ", four)
print("capstone, c.ntl.all and the same two:    ", two)

def effect(code):
    uc.mem_write(0x50000, b"\x07" * 8)
    stopped = traps(code)
    changed = [r for r in range(1, 32) if uc.reg_read(UC_RISCV_REG_X0 + r) != 0x50000]
    return "traps" if stopped else "runs", changed, bytes(uc.mem_read(0x50000, 8)) != b"\x07" * 8
zcb = {"c.lbu a0,0(a1)": "8881", "c.sb a0,0(a1)": "8889", "c.mul a0,a1": "4d9d", "c.not a0": "759d", "c.zext.b a0": "619d"}
for name, code in zcb.items():
    result = effect(bytes.fromhex(code))
    print(f"unicorn, {name:15}", "%s; registers changed: %s; memory changed: %s" % result)
    assert result == ("runs", [], False), "the behaviour has changed"
assert effect(bytes.fromhex("13150560"))[0] == "traps", "clz of Zbb no longer traps"

assert four == ["add zero, zero, t0", "c.lw a0, 0(a1)", "c.addi a0, 1"] and two == [], "the behaviour has changed"
assert census["hint", "not shown", "runs"] == 285
assert census["reserved", "shown", "traps"] == 31
assert census["reserved", "not shown", "runs"] == 2176
assert sum(n for (kind, *_), n in census.items() if kind == "reserved") == 2409
assert census["instruction", "not shown", "runs"] == census["instruction", "not shown", "traps"] == 0
assert census["instruction", "shown", "traps"] == 1   # c.ebreak, which is there to trap
print("As expected: 285 HINTs not shown, 31 reserved encodings shown, 2,176 reserved encodings run as nothing.")
PY
