import { hash } from 'node:crypto';

/** RFC 6962 §2.1: a leaf and a node are hashed under different first bytes, so that neither can pass for the other. */
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

export type Digest = Uint8Array;

const sha256 = (...parts: readonly Uint8Array[]): Digest => hash('sha256', Buffer.concat(parts), 'buffer');
export const leafHash = (leaf: string): Digest => sha256(leafPrefix, Buffer.from(leaf));
const nodeHash = (left: Digest, right: Digest): Digest => sha256(nodePrefix, left, right);

interface Subtree {
  readonly size: number;
  readonly hash: Digest;
  /** Of the leaf that a proof is made for: the hashes beside its way up, the lowest first. */
  readonly path?: readonly Digest[];
}

export interface InclusionProof {
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly path: readonly Digest[];
}

/**
 * The Merkle tree of RFC 6962 §2.1 over leaves in the order in which they are added. It keeps one subtree per binary
 * digit of their number, so that a line of millions of charges takes no memory.
 */
export class MerkleTree {
  readonly #subtrees: Subtree[] = [];
  #size = 0;
  #provenIndex: number | undefined;

  /** @param isProven the leaf that `proof` is about. */
  add(leaf: string, isProven = false): void {
    if (isProven) this.#provenIndex = this.#size;
    this.#size += 1;
    let tree: Subtree = { size: 1, hash: leafHash(leaf), ...(isProven ? { path: [] } : {}) };
    for (let last = this.#subtrees.at(-1); last?.size === tree.size; last = this.#subtrees.at(-1)) {
      this.#subtrees.pop();
      tree = join(last, tree);
    }
    this.#subtrees.push(tree);
  }

  get size(): number {
    return this.#size;
  }

  root(): Digest {
    return this.#whole()?.hash ?? sha256();
  }

  /** @returns undefined when no added leaf was the one to prove. */
  proof(): InclusionProof | undefined {
    const path = this.#whole()?.path;
    if (path === undefined || this.#provenIndex === undefined) return undefined;
    return { leafIndex: this.#provenIndex, treeSize: this.#size, path };
  }

  #whole(): Subtree | undefined {
    return this.#subtrees.reduceRight<Subtree | undefined>(
      (right, left) => (right === undefined ? left : join(left, right)),
      undefined,
    );
  }
}

function join(left: Subtree, right: Subtree): Subtree {
  const path = left.path ? [...left.path, right.hash] : right.path && [...right.path, left.hash];
  return { size: left.size + right.size, hash: nodeHash(left.hash, right.hash), ...(path ? { path } : {}) };
}

/** RFC 9162 §2.1.3.2: whether the leaf stands at its index in the tree of that root. */
export function verifyInclusion(leaf: string, { leafIndex, treeSize, path }: InclusionProof, root: Digest): boolean {
  if (leafIndex < 0 || leafIndex >= treeSize) return false;
  let node = leafIndex;
  let last = treeSize - 1;
  let reached = leafHash(leaf);
  for (const beside of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      reached = nodeHash(beside, reached);
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    } else {
      reached = nodeHash(reached, beside);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && Buffer.compare(reached, root) === 0;
}
