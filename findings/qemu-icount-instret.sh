#!/usr/bin/env bash
# Two emulators whose RISC-V instruction counter does not count instructions.
# Privileged manual, "Hardware Performance Monitor": minstret "counts the number of instructions the hart
# has retired". Two reads of it that stand side by side must therefore differ by exactly 1.
#   QEMU 7.2 with -icount shift=N: they differ by 2^N. The counter shows the virtual clock in nanoseconds,
#   so a budget or a profile taken from it is scaled by an option of the host's command line that the guest
#   cannot see. Only shift=0 counts instructions.
#   Unicorn 2.1: they differ by thousands, another number in each run. The counter shows the host's
#   time-stamp counter, so a guest that reads it cannot be replayed, though the engine has one thread, no
#   devices and no clock that was asked for.
# Costly: unpacks QEMU and all it needs (about 80 MB) from Debian 12; nothing is installed on the system.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
mkdir -p "$T/deb/partial" "$T/root"; : >"$T/none"
apt-get -qq -y -o Dir::State::status="$T/none" -o Dir::Cache::archives="$T/deb" -o APT::Sandbox::User=root \
  --no-install-recommends --download-only install 'qemu-system-misc=1:7.2*' >/dev/null
for d in "$T"/deb/*.deb; do dpkg -x "$d" "$T/root"; done
libs=$(find "$T/root" -name '*.so*' -path '*linux-gnu*' -printf '%h\n' | sort -u | tr '\n' ':')
qemu() { "$T"/root/lib64/ld-linux-*.so.* --library-path "$libs" "$T/root/usr/bin/qemu-system-riscv64" "$@"; }
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check unicorn==2.1.4

# The guest leaves its result in the exit status, through the board's test device at 0x100000.
"$T/v/bin/python" - "$T/guest.bin" <<'PY'
import struct, sys
open(sys.argv[1], "wb").write(struct.pack("<9I",
    0xb0202573,   # csrr a0, minstret
    0xb02025f3,   # csrr a1, minstret
    0x40a585b3,   # sub  a1, a1, a0
    0x01059593,   # slli a1, a1, 16
    0x00003637,   # lui  a2, 0x3
    0x33360613,   # addi a2, a2, 0x333
    0x00c5e5b3,   # or   a1, a1, a2       status << 16 | 0x3333: exit with this status
    0x001002b7,   # lui  t0, 0x100
    0x00b2a023))  # sw   a1, 0(t0)
PY
qemu --version | head -1
for shift in 0 1 3 6 7; do
  got=0
  timeout 60 bash -c "$(declare -f qemu); T='$T'; libs='$libs'; qemu -M virt -bios none -display none -nodefaults \
    -device loader,file='$T/guest.bin',addr=0x80000000 -icount shift=$shift" || got=$?
  echo "-icount shift=$shift: two neighbouring reads of minstret differ by $got"
  [ "$got" -eq $((1 << shift)) ] || { echo "the behaviour has changed"; exit 1; }
done

"$T/v/bin/python" - "$T/guest.bin" <<'PY'
import sys
from importlib.metadata import version
from unicorn import Uc, UC_ARCH_RISCV, UC_MODE_RISCV64
from unicorn.riscv_const import UC_RISCV_REG_X11
print("unicorn", version("unicorn"))
seen = []
for _ in range(5):
    uc = Uc(UC_ARCH_RISCV, UC_MODE_RISCV64)
    uc.mem_map(0x1000, 0x1000)
    uc.mem_write(0x1000, open(sys.argv[1], "rb").read())
    uc.emu_start(0x1000, 0x100c)
    seen.append(uc.reg_read(UC_RISCV_REG_X11))
print("the same three instructions, five times: differences of", *seen)
assert min(seen) > 1 and len(set(seen)) > 1, "the behaviour has changed"
PY
echo "As expected: neither counter counts instructions."
