import { describe, expect, test } from 'vitest';
import { onEveryMachine, onOneCpu, Situation } from '../property-tests/executions.ts';
import {
  type Context,
  exit,
  fork,
  kill,
  O_RDONLY,
  O_RDWR,
  type Part,
  shm_close,
  shm_map,
  shm_open,
  shm_trunc,
  sleep,
  wait,
  waitStatus,
} from '../user/ulib.ts';
import { SYS_shm_map } from './abi.ts';
import { shmObject } from './shm-descriptors.ts';

/** Opens, sizes and maps; answers the address. */
function* make(u: Context, name: string, pages: number): Part<number> {
  const od = yield* shm_open(u, name);
  expect(shm_trunc(u, od, pages * 4096) ?? (yield)).toBe(pages * 4096);
  const va = yield* shm_map(u, od, O_RDWR);
  expect(va).toBeGreaterThan(0);
  return va;
}

describe('frames', () => {
  test('come with the first map, not with the size', () => {
    const situation: Situation = new Situation(
      {
        *main(u) {
          const { kernel } = situation;
          yield* shm_open(u, 'a');
          const before = kernel.freeFrames().size;
          shm_trunc(u, 0, 4 * 4096) ?? (yield);
          expect(kernel.freeFrames().size).toBe(before);
          yield* shm_map(u, 0, O_RDWR);
          // And two tables for the window.
          expect(kernel.freeFrames().size).toBe(before - 4 - 2);
          yield* shm_open(u, 'a');
          yield* shm_map(u, 1, O_RDWR);
          expect(kernel.freeFrames().size).toBe(before - 4 - 2);
          shm_close(u, 0) ?? (yield);
          shm_close(u, 1) ?? (yield);
          expect(kernel.freeFrames().size).toBe(before - 2);
        },
      },
      [['main']],
      { ncpu: 1 },
    );
    expect(situation.execute('round-robin', 1).statuses.get(2)).toBe(0);
  });

  test('are filled with 0, whatever was in them', () => {
    onEveryMachine(function* (u) {
      for (let i = 0; i < 3; i++) {
        const va = yield* make(u, 'a', 2);
        for (const word of [0, 4092, 4096, 8188]) {
          expect(u.load(va + word) ?? (yield)).toBe(0);
          u.store(va + word, -1) ?? (yield);
        }
        shm_close(u, 0) ?? (yield);
      }
    });
  });

  test('that a map could not get all of go back, and so do its tables', () => {
    const situation: Situation = new Situation(
      {
        *main(u) {
          const { kernel } = situation;
          yield* make(u, 'a', 3);
          yield* shm_open(u, 'b');
          shm_trunc(u, 1, 3 * 4096) ?? (yield);
          const before = kernel.freeFrames().size;
          expect(before).toBe(2);
          expect(yield* shm_map(u, 1, O_RDWR)).toBe(-1);
          expect(kernel.freeFrames().size).toBe(before);
          shm_close(u, 0) ?? (yield);
          expect(yield* shm_map(u, 1, O_RDWR)).toBe(0x4000_0000);
        },
      },
      [['main']],
      { ncpu: 1, frames: 25 },
    );
    expect(situation.execute('round-robin', 1).statuses.get(2)).toBe(0);
  });
});

describe('the window', () => {
  test('has room for what fits, and a map without room fails', () => {
    // 2^18 pages, in objects of 2^16: the frames are what a test cannot afford, so it fills in.
    const situation: Situation = new Situation(
      {
        *main(u) {
          const { kernel } = situation;
          const p = kernel.ptable.procs[1];
          if (p === undefined) return 1;
          for (let od = 0; od < 3; od++) yield* shm_open(u, `n${od}`);
          for (let od = 0; od < 3; od++) shm_trunc(u, od, 4096 * (od + 1)) ?? (yield);
          // As if od 3 were mapped from the second page to two before the end.
          kernel.m.words[p.shm.vpn(3)] = 0x40001;
          kernel.m.words[p.shm.pages(3)] = 0x40000 - 3;
          expect(yield* shm_map(u, 2, O_RDWR)).toBe(-1);
          expect(yield* shm_map(u, 1, O_RDWR)).toBe(0x7fff_e000);
          expect(yield* shm_map(u, 0, O_RDWR)).toBe(0x4000_0000);
          kernel.m.words[p.shm.vpn(3)] = 0;
          kernel.m.words[p.shm.pages(3)] = 0;
          u.store(0x7fff_fffc, 5) ?? (yield);
          return u.load(0x7fff_fffc) ?? (yield);
        },
      },
      [['main']],
      { ncpu: 1 },
    );
    const outcome = situation.execute('round-robin', 1);
    expect(outcome.statuses.get(2)).toBe(5);
    expect(outcome.problems).toEqual([]);
  });
});

describe('fork', () => {
  test('gives the child every descriptor and mapping at the same address, with the same rights', () => {
    onEveryMachine(
      function* (u) {
        const a = yield* make(u, 'a', 2);
        yield* shm_open(u, 'a');
        const readonly = yield* shm_map(u, 1, O_RDONLY);
        yield* shm_open(u, 'unmapped');
        u.store(a + 4096, 7) ?? (yield);
        const pid = fork(u) ?? (yield);
        if (pid === 0) {
          expect(u.load(readonly + 4096) ?? (yield)).toBe(7);
          expect(shm_close(u, 2) ?? (yield)).toBe(0);
          expect(yield* shm_open(u, 'new')).toBe(2);
          u.store(a, 8) ?? (yield);
          // Read-only for the child too.
          u.store(readonly, 9) ?? (yield);
        }
        expect(yield* waitStatus(u)).toEqual({ pid, status: -1 });
        expect(u.load(readonly) ?? (yield)).toBe(8);
        expect(shm_close(u, 2) ?? (yield)).toBe(0);
      },
      ({ statuses, output }) => {
        expect(statuses.get(2)).toBe(0);
        expect(output).toMatch(/^usertrap\(\): unexpected scause 0x000000000000000f pid=3\n/);
      },
    );
  });

  test("counts a reference for each: the parent's exit leaves the child's", () => {
    onEveryMachine(
      function* (u) {
        const va = yield* make(u, 'a', 1);
        u.store(va, 7) ?? (yield);
        if ((fork(u) ?? (yield)) > 0) return 0;
        sleep(u, 3) ?? (yield);
        const value = u.load(va) ?? (yield);
        const od = yield* shm_open(u, 'a');
        const size = shm_trunc(u, od, 4096) ?? (yield);
        return value === 7 && size === -1 ? 5 : 6;
      },
      ({ statuses }) =>
        expect([...statuses]).toEqual([
          [2, 0],
          [3, 5],
        ]),
    );
  });

  test('child and parent map, and close, without the other seeing it', () => {
    onEveryMachine(function* (u) {
      yield* shm_open(u, 'a');
      shm_trunc(u, 0, 4096) ?? (yield);
      const pid = fork(u) ?? (yield);
      const va = yield* shm_map(u, 0, O_RDWR);
      u.fetchAdd(va, 1) ?? (yield);
      if (pid === 0) {
        shm_close(u, 0) ?? (yield);
        exit(u, 0) ?? (yield);
      }
      expect(wait(u) ?? (yield)).toBe(pid);
      expect(u.load(va) ?? (yield)).toBe(2);
    });
  });
});

describe('translations', () => {
  /** Uses a mapping, closes it, and reads there again; waits between, so as to change CPUs. */
  function* readAfterClose(u: Context): Part<number> {
    const va = yield* make(u, 'a', 1);
    for (let i = 0; i < 3; i++) {
      u.store(va, 7) ?? (yield);
      sleep(u, 1) ?? (yield);
    }
    shm_close(u, 0) ?? (yield);
    sleep(u, 1) ?? (yield);
    u.load(va) ?? (yield);
    return 4;
  }

  test('are gone after a close, on whatever CPU the process ran before', () => {
    onEveryMachine(readAfterClose, ({ statuses, output }) => {
      expect(statuses.get(2)).toBe(-1);
      expect(output).toBe(
        'usertrap(): unexpected scause 0x000000000000000d pid=2\n' +
          '            sepc=0x0 stval=0x0000000040000000\n',
      );
    });
  });

  test('that no CPU flushed would still be there: the read finds a freed frame', () => {
    const situation = new Situation({ main: readAfterClose }, [['main']], { ncpu: 1 });
    for (const cpu of situation.kernel.m.cpus) cpu.tlb.flush = () => {};
    expect(situation.execute('round-robin', 1).statuses.get(2)).toBe(4);
  });

  test('of another object at the same address are not those of the first', () => {
    onEveryMachine(function* (u) {
      const va = yield* make(u, 'a', 1);
      u.store(va, 7) ?? (yield);
      yield* shm_open(u, 'a');
      shm_close(u, 0) ?? (yield);
      expect(yield* make(u, 'b', 1)).toBe(va);
      expect(u.load(va) ?? (yield)).toBe(0);
      u.store(va, 8) ?? (yield);
      const other = yield* shm_map(u, 1, O_RDWR);
      expect(u.load(other) ?? (yield)).toBe(7);
    });
  });
});

describe('an object', () => {
  test('is destroyed by its last close only, in any process', () => {
    onEveryMachine(function* (u) {
      const va = yield* make(u, 'a', 1);
      u.store(va, 7) ?? (yield);
      for (let i = 0; i < 3; i++) {
        const pid = fork(u) ?? (yield);
        if (pid === 0) {
          const od = yield* shm_open(u, 'a');
          shm_close(u, 0) ?? (yield);
          const again = yield* shm_map(u, od, O_RDONLY);
          const value = u.load(again) ?? (yield);
          exit(u, value === 7 ? 0 : 1) ?? (yield);
        }
      }
      for (let i = 0; i < 3; i++) expect((yield* waitStatus(u)).status).toBe(0);
      shm_close(u, 0) ?? (yield);
      expect(u.load(yield* make(u, 'a', 4)) ?? (yield)).toBe(0);
    });
  });

  test('that was killed into, faulted into or exited into is gone', () => {
    onEveryMachine(function* (u) {
      for (const how of ['exit', 'fault', 'kill']) {
        const pid = fork(u) ?? (yield);
        if (pid === 0) {
          const va = yield* make(u, 'a', 2);
          u.store(va, 7) ?? (yield);
          if (how === 'exit') exit(u, -1) ?? (yield);
          if (how === 'fault') u.load(va + 2) ?? (yield);
          for (;;) sleep(u, 1000) ?? (yield);
        }
        if (how === 'kill') kill(u, pid) ?? (yield);
        expect(yield* waitStatus(u)).toEqual({ pid, status: -1 });
        const va = yield* make(u, 'a', 1);
        expect(u.load(va) ?? (yield)).toBe(0);
        shm_close(u, 0) ?? (yield);
      }
    });
  });

  test('of one name is made once, however many open it first', () => {
    onEveryMachine(
      function* (u) {
        for (let i = 0; i < 3; i++) {
          if ((fork(u) ?? (yield)) !== 0) continue;
          const od = yield* shm_open(u, 'a');
          const size = shm_trunc(u, od, 4096) ?? (yield);
          sleep(u, 50) ?? (yield);
          exit(u, size < 0 ? 0 : 1) ?? (yield);
        }
        let made = 0;
        for (let i = 0; i < 3; i++) made += (yield* waitStatus(u)).status;
        return made;
      },
      ({ statuses }) => expect(statuses.get(2)).toBe(1),
    );
  });
});

test('the kernel panics when references are fewer than descriptors', () => {
  const situation: Situation = new Situation(
    {
      *main(u) {
        const { kernel } = situation;
        yield* shm_open(u, 'a');
        const p = kernel.ptable.procs[1];
        const o = p && shmObject(kernel, p, 0);
        if (o !== undefined) kernel.m.words[o.refs] = 0;
        shm_close(u, 0) ?? (yield);
      },
    },
    [['main']],
  );
  expect(() => situation.execute('random', 1)).toThrow(
    expect.objectContaining({ name: 'KernelPanic', message: 'shm_close: refs', pid: 2 }),
  );
});

test('a failed call in the middle of others changes nothing that they rely on', () => {
  onOneCpu(function* (u) {
    const va = yield* make(u, 'a', 2);
    u.store(va, 7) ?? (yield);
    expect(u.ecall(SYS_shm_map, 0, -1, O_RDWR) ?? (yield)).toBe(-1);
    expect(shm_trunc(u, 0, 4096) ?? (yield)).toBe(-1);
    expect(shm_close(u, 1) ?? (yield)).toBe(-1);
    expect(yield* shm_open(u, '')).toBe(-1);
    expect(u.load(va) ?? (yield)).toBe(7);
    return 0;
  });
});
