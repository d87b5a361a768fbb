import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MerkleTree, verifyInclusion } from './merkle-tree.js';

const treeOf = (leaves: readonly string[], proven?: number) => {
  const tree = new MerkleTree();
  for (const [index, leaf] of leaves.entries()) tree.add(leaf, index === proven);
  return tree;
};

/** RFC 6962 §2.1, word by word. */
function rootByDefinition(leaves: readonly string[]): Buffer {
  const sha = (...parts: (string | Buffer)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return sha('\x00', leaves[0] ?? '');
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha('\x01', rootByDefinition(leaves.slice(0, split)), rootByDefinition(leaves.slice(split)));
}

it('has the roots that certificate-transparency-go publishes for its test leaves', () => {
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  // All of these bytes are ASCII, so that a text holds them.
  const texts = leaves.map((hex) => Buffer.from(hex, 'hex').toString('latin1'));
  const roots = [1, 2, 3, 4, 5, 6, 7, 8].map((size) =>
    Buffer.from(treeOf(texts.slice(0, size)).root()).toString('hex'),
  );
  expect(roots).toEqual([
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ]);
});

it('is the tree of RFC 6962 at any size, and proves each leaf and no other', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 70 }), fc.nat(), fc.string(), (leaves, at, other) => {
      const index = leaves.length === 0 ? 0 : at % leaves.length;
      const tree = treeOf(leaves, index);
      expect(Buffer.from(tree.root())).toEqual(rootByDefinition(leaves));
      const proof = tree.proof();
      if (proof === undefined) return expect(leaves).toEqual([]);
      expect(proof).toMatchObject({ leafIndex: index, treeSize: leaves.length });
      const leaf = leaves[index] ?? '';
      expect(verifyInclusion(leaf, proof, tree.root())).toBe(true);
      expect(verifyInclusion(other, proof, tree.root())).toBe(other === leaf);
      for (const wrong of [index - 1, index + 1].filter((i) => leaves[i] !== leaf)) {
        expect(verifyInclusion(leaf, { ...proof, leafIndex: wrong }, tree.root())).toBe(false);
      }
      expect(verifyInclusion(leaf, { ...proof, path: [...proof.path, tree.root()] }, tree.root())).toBe(false);
    }),
  );
});
