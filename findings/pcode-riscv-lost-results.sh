#!/usr/bin/env bash
# Four valid RV64GC instructions whose p-code (the Ghidra SLEIGH model, as packaged by pypcode) does
# something else than the ISA manual says. Each is run twice from the same state: by a small interpreter
# of the p-code, and by the Unicorn emulator, which agrees with the manual in all four.
#
#   fmv.x.w a0,fa0        "F" chapter, conversion and move instructions: the bits of fa0, sign-extended,
#                         go to a0. The p-code copies a0 to a temporary and writes only the temporary.
#   fcvt.w.d a0,fa0,rtz   "D" chapter, conversion instructions: the same loss. fcvt.l.d, beside it, is right.
#   csrrwi a0,mscratch,0  "Zicsr" chapter: only rd=x0 suppresses the read; the p-code asks whether the
#                         *immediate* is 0, so that "read and clear" does not deliver what it read.
#   c.jalr ra             "C" chapter: expands to jalr x1,0(rs1), whose target is the old rs1. The p-code
#                         writes the link first, so the call lands on the next instruction.
#                         The four-byte jalr ra,0(ra) is right.
# An analysis that is built on the p-code sees a stale register, silently, with no unknown operation.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check pypcode==3.3.3 unicorn==2.1.4
"$T/v/bin/python" - <<'PY'
import struct
from importlib.metadata import version
import pypcode
from pypcode import OpCode as O
from unicorn import Uc, UC_ARCH_RISCV, UC_MODE_RISCV64
from unicorn import riscv_const as k

print("pypcode", version("pypcode"), "and unicorn", version("unicorn"))
AT, STALE = 0x1000, 0x5555
START = {"a0": STALE, "ra": 0x3000, "mscratch": 0xabc, "fa0": None}
language = pypcode.Context("RISCV:LE:64:RV64GC")

def by_pcode(code, fa0):
    cells = {}
    def put(v, value):
        for i, b in enumerate((value & (1 << 8 * v.size) - 1).to_bytes(v.size, "little")):
            cells[v.space.name, v.offset + i] = b
    def get(v):
        if v.space.name == "const": return v.offset & (1 << 8 * v.size) - 1
        return int.from_bytes(bytes(cells.get((v.space.name, v.offset + i), 0) for i in range(v.size)), "little")
    for name, value in {**START, "fa0": fa0}.items(): put(language.registers[name], value)
    pc = AT + len(code)
    for op in language.translate(code, base_address=AT).ops:
        i, out = op.inputs, op.output
        if op.opcode == O.IMARK: continue
        elif op.opcode == O.COPY: put(out, get(i[0]))
        elif op.opcode == O.INT_ZEXT: put(out, get(i[0]))
        elif op.opcode == O.INT_SEXT: put(out, get(i[0]) - ((get(i[0]) >> 8 * i[0].size - 1) << 8 * i[0].size))
        elif op.opcode == O.INT_EQUAL: put(out, int(get(i[0]) == get(i[1])))
        elif op.opcode == O.INT_ADD: put(out, get(i[0]) + get(i[1]))
        elif op.opcode == O.INT_AND: put(out, get(i[0]) & get(i[1]))
        elif op.opcode == O.INT_NEGATE: put(out, ~get(i[0]))
        elif op.opcode == O.FLOAT_TRUNC: put(out, int(struct.unpack("<d", struct.pack("<Q", get(i[0])))[0]))
        elif op.opcode == O.LOAD and i[0].getSpaceFromConst().name == "register":
            put(out, int.from_bytes(bytes(cells.get(("register", get(i[1]) + n), 0) for n in range(out.size)), "little"))
        elif op.opcode == O.CBRANCH:
            if get(i[1]): break                     # only ever to the next instruction here
        elif op.opcode in (O.CALLIND, O.BRANCHIND): pc = get(i[0])
        else: raise SystemExit(f"a p-code operation that this script does not know: {op.opcode}")
    return get(language.registers["a0"]), get(language.registers["mscratch"]), pc

def by_unicorn(code, fa0):
    uc = Uc(UC_ARCH_RISCV, UC_MODE_RISCV64)
    uc.mem_map(0x1000, 0x4000)
    uc.mem_write(AT, code)
    uc.reg_write(k.UC_RISCV_REG_MSTATUS, 0x6000)    # floating point on
    for reg, value in ((k.UC_RISCV_REG_X10, STALE), (k.UC_RISCV_REG_X1, START["ra"]),
                       (k.UC_RISCV_REG_MSCRATCH, START["mscratch"]), (k.UC_RISCV_REG_F10, fa0)): uc.reg_write(reg, value)
    uc.emu_start(AT, 0, count=1)
    return uc.reg_read(k.UC_RISCV_REG_X10), uc.reg_read(k.UC_RISCV_REG_MSCRATCH), uc.reg_read(k.UC_RISCV_REG_PC)

double = struct.unpack("<Q", struct.pack("<d", -7.5))[0]
boxed = 0xffffffff_c0f00000                         # -7.5f, NaN-boxed
M7 = (1 << 64) - 7
cases = [  # name, code, fa0, what the manual says, what the p-code does: (a0, mscratch, pc)
    ("fmv.x.w a0,fa0", 0xe0050553, 4, boxed, (boxed, 0xabc, 0x1004), (STALE, 0xabc, 0x1004)),
    ("fcvt.w.d a0,fa0,rtz", 0xc2051553, 4, double, (M7, 0xabc, 0x1004), (STALE, 0xabc, 0x1004)),
    ("fcvt.l.d a0,fa0,rtz", 0xc2251553, 4, double, (M7, 0xabc, 0x1004), (M7, 0xabc, 0x1004)),
    ("csrrwi a0,mscratch,1", 0x3400d573, 4, 0, (0xabc, 1, 0x1004), (0xabc, 1, 0x1004)),
    ("csrrwi a0,mscratch,0", 0x34005573, 4, 0, (0xabc, 0, 0x1004), (STALE, 0, 0x1004)),
    ("jalr ra,0(ra)", 0x000080e7, 4, 0, (STALE, 0xabc, 0x3000), (STALE, 0xabc, 0x3000)),
    ("c.jalr ra", 0x9082, 2, 0, (STALE, 0xabc, 0x3000), (STALE, 0xabc, 0x1002)),
]
for name, word, size, fa0, manual, expected in cases:
    code = word.to_bytes(size, "little")
    u, p = by_unicorn(code, fa0), by_pcode(code, fa0)
    line = lambda r: "a0=%x mscratch=%x pc=%x" % r
    print(f"{name:21} manual and unicorn: {line(u)}\n{'':21} p-code:             {line(p)}{'' if p == u else '   <-- differs'}")
    assert u == manual, "Unicorn no longer does what the manual says"
    assert p == expected, "the p-code has changed"
print("As expected: four of the seven lose their result in the p-code.")
PY
