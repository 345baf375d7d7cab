/**
 * Treiber's lock-free stack, nodes 2 and 1. One thread is about to pop 2 and has seen 1 below it; the
 * other pops both and pushes 2 again. The compareExchange of the first succeeds, for the top is 2 as
 * before (ABA), and makes 1 the top, which is popped twice. The fix: a count of pops beside the top.
 *
 *     xv6-replay explore examples/aba-stack.ts            # node 1 was popped 2 times
 *     xv6-replay explore examples/aba-stack.ts#counted    # all 39 traces were checked
 */
import { type ProgramParts, program } from 'xv6-replay';

/** The top is the node and, times 4, how often one was popped. */
const node = (top: number) => top % 4;

function stack({ cell, thread, check }: ProgramParts, isCounted: boolean) {
  const top = cell('top', 2);
  const below = [0, 0, 1].map((next, n) => cell(`below ${n}`, next));
  const pops = [0, 1, 2].map((n) => cell(`pops of ${n}`));
  function* pop(): Generator<void, number, number> {
    for (;;) {
      const seen = top.load() ?? (yield);
      const first = node(seen);
      if (first === 0) return 0;
      const next = below[first]?.load() ?? (yield);
      const after = next + (isCounted ? seen - first + 4 : 0);
      if ((top.compareExchange(seen, after) ?? (yield)) !== seen) continue;
      pops[first]?.fetchAdd(1) ?? (yield);
      return first;
    }
  }
  thread('pops two', function* () {
    yield* pop();
    yield* pop();
  });
  thread('pops two, pushes the first', function* () {
    const first = yield* pop();
    yield* pop();
    if (first !== 2) return;
    for (;;) {
      const seen = top.load() ?? (yield);
      below[2]?.store(node(seen)) ?? (yield);
      if ((top.compareExchange(seen, seen - node(seen) + 2) ?? (yield)) === seen) return;
    }
  });
  check(() => Number(pops[1]?.value) < 2 || `node 1 was popped ${pops[1]?.value} times`);
}

// It races on purpose.
const detectors = ['check'];

export default program('stack', (parts) => stack(parts, false), { detectors });

export const counted = program('stack, counted', (parts) => stack(parts, true), { detectors });
