#!/usr/bin/env bash
# gdb's "record full" in one process takes shared memory back for all of them.
# Going backwards, gdb restores each word that the recorded process had overwritten, by a real write into
# that process. Where the page is MAP_SHARED (POSIX mmap: "writes change the underlying object"), another
# process, which is not being debugged and runs on at full speed, sees the values return in reverse order;
# going forward again plays them to it once more. It can act on a value a second time, and what it
# wrote itself meanwhile stays, since it is not in the log. So a race that is looked at backwards gets a
# history that no execution of the program has: here the observer sees 1 2 3 2 1 0 1 2 3.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
mkdir -p "$T/deb/partial" "$T/root"; : >"$T/none"; cd "$T"
apt-get -qq -y -o Dir::State::status="$T/none" -o Dir::Cache::archives="$T/deb" -o APT::Sandbox::User=root \
  --no-install-recommends --download-only install 'gdb-minimal=13.1*' >/dev/null
for d in deb/*.deb; do dpkg -x "$d" root; done
libs=$(find "$T/root" -name '*.so*' -path '*linux-gnu*' -printf '%h\n' | sort -u | tr '\n' ':')
gdb() { "$T"/root/lib64/ld-linux-*.so.* --library-path "$libs" "$T/root/usr/bin/gdb" "$@"; }

cat >shared.c <<'C'
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  volatile int *word = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (fork() == 0) { /* the observer: notes each new value, and answers in word[1] how many it saw */
    int log = open("seen", O_WRONLY | O_CREAT | O_TRUNC, 0600), last = 0;
    for (int i = 0; i < 60000; i++, usleep(1000)) {
      int now = *word;
      if (now == 99) break;
      if (now == last) continue;
      last = now;
      dprintf(log, "%d\n", now);
      word[1]++;
    }
    _exit(0);
  }
  *word = 1; /* recorded from here */
  *word = 2;
  *word = 3;
  *word = 99; /* never reached while recording */
  wait(0);
  return 0;
}
C
sed -i '1i #include <stdio.h>' shared.c
gcc -g -O0 -o shared shared.c
# after each step: wait till the observer has noted N values
cat >saw <<'S'
for i in $(seq 200); do [ "$(wc -l <seen)" -ge "$1" ] && exit 0; sleep 0.05; done
S
start=$(grep -n 'recorded from here' shared.c | cut -d: -f1)
{
  printf 'set confirm off\nset pagination off\nset startup-with-shell off\nbreak %s\nrun\nrecord full\n' "$start"
  n=0
  for step in next next next reverse-next reverse-next reverse-next next next next; do
    n=$((n + 1)); printf '%s\nshell sh ./saw %s\n' "$step" "$n"
  done
  printf 'printf "answers: %%d\\n", word[1]\nrecord stop\ndelete\ncontinue\n'
} >script
gdb --version | head -1
timeout 120 bash -c "$(declare -f gdb); T='$T' libs='$libs'; gdb -nx -q -batch -x script ./shared" >out 2>&1 || true
echo "the recorded process: next x3, reverse-next x3, next x3"
seen=$(tr '\n' ' ' <seen)
echo "the other process, which gdb has let go, saw: $seen"
grep '^answers' out
[ "$seen" = "1 2 3 2 1 0 1 2 3 " ] && grep -qx 'answers: 9' out || { echo "the behaviour has changed"; cat out; exit 1; }
echo "As expected: the program stores 1, 2 and 3 once each; the observer saw nine values and answered nine times."
