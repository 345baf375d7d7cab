"""Asks the running Linux what its calls answer where docs/calls.md says how they compare with ours.

Prints a line a question: its name, a tab, and `ok`, `fails` or a number. Leaves nothing behind.
Run by scripts/calls.ts (npm run calls); needs python3 and nothing else.
"""
import ctypes
import os
import tempfile

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
libc.shmdt.argtypes = [ctypes.c_void_p]
libc.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
libc.syscall.restype = ctypes.c_long
PAGE = 4096
RW, SHARED, PRIVATE, ANON = 3, 1, 2, 0x20
CREAT, EXCL, RMID = 0o1000, 0o2000, 0
FUTEX = {"x86_64": 202, "aarch64": 98, "riscv64": 98}.get(os.uname().machine)


def say(name, answer):
    if isinstance(answer, bool):
        answer = "ok" if answer else "fails"
    print(f"{name}\t{answer}")


def good(pointer):
    return pointer is not None and pointer != ctypes.c_void_p(-1).value


def mapped(flags, length=PAGE, fd=-1, prot=RW):
    return libc.mmap(None, length, prot, flags, fd, 0)


def word(address):
    return ctypes.c_int.from_address(address)


def futex(address, op, value):
    return libc.syscall(FUTEX, ctypes.c_void_p(address), op, value, None, None, 0)


def mappings():
    say("mmap length 0", good(mapped(PRIVATE | ANON, 0)))
    say("mmap neither shared nor private", good(mapped(ANON)))
    area = mapped(PRIVATE | ANON, 3 * PAGE)
    say("munmap between pages", libc.munmap(area + 1, PAGE) == 0)
    say("munmap length 0", libc.munmap(area, 0) == 0)
    say("munmap middle", libc.munmap(area + PAGE, PAGE) == 0)
    say("munmap nothing", libc.munmap(area + PAGE, PAGE) == 0)


def segments():
    made = libc.shmget(0, PAGE, CREAT | 0o600)
    say("shmget size 0", libc.shmget(0, 0, CREAT | 0o600) >= 0)
    say("shmget negative size", libc.shmget(0, ctypes.c_size_t(-1).value, CREAT | 0o600) >= 0)
    at = libc.shmat(made, None, 0)
    say("shmat between pages", good(libc.shmat(made, at + 1, 0)))
    libc.shmctl(made, RMID, None)
    # Linux only: shmat of a marked segment works there.
    again = libc.shmat(made, None, 0)
    say("shmat marked", good(again))
    say("shmdt", libc.shmdt(at) == 0)
    say("shmdt again", libc.shmdt(at) == 0)
    if good(again):
        libc.shmdt(again)
    say("shmctl gone", libc.shmctl(made, RMID, None) == 0)


def posix():
    fd = os.memfd_create("calls")
    os.ftruncate(fd, PAGE)
    at = mapped(SHARED, PAGE, fd)
    word(at).value = 5
    say("ftruncate negative", libc.ftruncate(fd, ctypes.c_long(-1)) == 0)
    say("ftruncate grows", libc.ftruncate(fd, ctypes.c_long(2 * PAGE)) == 0)
    os.ftruncate(fd, 0)
    os.ftruncate(fd, PAGE)
    say("cut and grown reads", word(at).value)
    os.close(fd)


def futexes():
    if FUTEX is None:
        return
    at = mapped(PRIVATE | ANON)
    word(at).value = 7
    say("futex_wait other value", futex(at, 0, 8) == 0)
    say("futex_wake nobody", futex(at, 1, 1))
    say("futex misaligned", futex(at + 1, 1, 1) >= 0)


def files():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f")
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        say("write", os.write(fd, b"abcd"))
        say("read at end", len(os.read(fd, 4)))
        say("dup", os.dup(fd) > fd)
        os.unlink(path)
        say("write unlinked", os.write(fd, b"abcd"))
        say("open unlinked", libc.open(path.encode(), 0) >= 0)
        reads, writes = os.pipe()
        os.close(writes)
        say("read of a closed pipe", len(os.read(reads, 1)))


mappings()
segments()
posix()
futexes()
files()
