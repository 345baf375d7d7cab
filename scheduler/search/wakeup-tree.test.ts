import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Chain } from './chain.ts';
import { type Node, packNode, unpackNode } from './node.ts';
import { type Branch, insert, relationTo, type Step } from './wakeup-tree.ts';

/** Sequences of steps of three lanes, each of which touches one of two objects. */
const sequences: fc.Arbitrary<Step[][]> = fc.array(
  fc.array(fc.record({ lane: fc.nat({ max: 2 }), codes: fc.tuple(fc.nat({ max: 3 })) }), {
    minLength: 1,
    maxLength: 6,
  }),
  { minLength: 1, maxLength: 8 },
);

/** The tree as its definition has it: a branch for each step. Answers whether `steps` was new. */
function plainInsert(tree: Branch[], steps: readonly Step[]): boolean {
  const v = [...steps.keys()];
  const chain = new Chain([...v], steps);
  let level = tree;
  for (;;) {
    const branch = level.find((b) => relationTo(b, v, chain) !== 'none');
    if (branch === undefined) break;
    if (relationTo(branch, v, chain) === 'leads') {
      v.splice(
        v.findIndex((e) => chain.laneOf(e) === branch.lane),
        1,
      );
    }
    if (branch.next.length === 0) return false;
    level = branch.next;
  }
  for (const e of v) {
    const next: Branch[] = [];
    level.push({ ...chain.stepOf(e), next });
    level = next;
  }
  return true;
}

function plain(tree: readonly Branch[]): unknown[] {
  return tree.map(({ lane, codes, next }) => ({ lane, codes: [...codes], next: plain(next) }));
}

function grown(all: readonly Step[][]): Branch[] {
  const tree: Branch[] = [];
  for (const steps of all) insert(tree, [...steps.keys()], new Chain([...steps.keys()], steps));
  return tree;
}

it('a tree that keeps runs of steps has the branches of one that keeps each step', () => {
  fc.assert(
    fc.property(sequences, fc.nat({ max: 7 }), (all, looked) => {
      const [tree, expected]: Branch[][] = [[], []];
      for (const [i, steps] of all.entries()) {
        const v = [...steps.keys()];
        const isNew = insert(tree as Branch[], v, new Chain([...v], steps));
        expect(isNew).toBe(plainInsert(expected as Branch[], steps));
        // Whoever looks behind a branch on the way changes nothing.
        if (i === looked) expect(plain(tree as Branch[])).toEqual(plain(expected as Branch[]));
      }
      expect(plain(tree as Branch[])).toEqual(plain(expected as Branch[]));
    }),
    { numRuns: 300 },
  );
});

it('a node comes back from a file with the tree that it had', () => {
  fc.assert(
    fc.property(sequences, (all) => {
      const sleep = [
        { lane: 1, codes: [4] },
        { lane: 2, codes: [6, 9], elsewhere: true },
      ];
      const node: Node = { lane: 0, codes: [2], sleep, tree: grown(all), follow: [], done: 3 };
      const packed = packNode(node);
      const back = unpackNode(packed);
      expect({ ...back, tree: plain(back.tree) }).toEqual({ ...node, tree: plain(node.tree) });
      // Unfolded by now, it is written as before.
      expect(packNode(node)).toEqual(packed);
      expect(packNode(back)).toEqual(packed);
    }),
    { numRuns: 100 },
  );
});
