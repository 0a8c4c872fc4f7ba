// The dominator tree of a graph that grows while it is built: each block is added when what leads to it is known. Every block has, besides its
// parent, a far ancestor to jump to, so that questions take logarithmic time (Myers, "An applicative random-access stack").

/** Blocks are named by their ids. */
export class GrowingDominators {
  /** Immediate dominator; -1 for the entry and for blocks that were not added. */
  private readonly parent: number[] = [];
  private readonly far: number[] = [];
  private readonly depth: number[] = [];

  /** Adds the first block. */
  addEntry(block: number): void {
    this.set(block, -1, block, 1);
  }

  /** Adds a block that the given ones lead to; not if one of those is unknown, as an unreachable one may be. */
  add(block: number, predecessors: readonly number[]): void {
    let parent = -1;
    for (const from of predecessors) {
      if (!this.isKnown(from)) return;
      parent = parent === -1 ? from : this.common(parent, from);
    }
    if (parent === -1 || this.isKnown(block)) return;
    const near = this.farOf(parent);
    const balanced = this.depthOf(parent) - this.depthOf(near) === this.depthOf(near) - this.depthOf(this.farOf(near));
    this.set(block, parent, balanced ? this.farOf(near) : parent, this.depthOf(parent) + 1);
  }

  /** True when every path to `inner` passes `outer`; false if that is not known. */
  dominates(outer: number, inner: number): boolean {
    return this.isKnown(outer) && this.isKnown(inner) && this.ancestor(inner, this.depthOf(outer)) === outer;
  }

  private isKnown(block: number): boolean {
    return this.depthOf(block) > 0;
  }

  private ancestor(block: number, depth: number): number {
    let at = block;
    while (this.depthOf(at) > depth) at = this.depthOf(this.farOf(at)) >= depth ? this.farOf(at) : (this.parent[at] ?? -1);
    return at;
  }

  private common(first: number, second: number): number {
    const depth = Math.min(this.depthOf(first), this.depthOf(second));
    let a = this.ancestor(first, depth);
    let b = this.ancestor(second, depth);
    while (a !== b) {
      const jump = this.farOf(a) !== this.farOf(b);
      a = jump ? this.farOf(a) : (this.parent[a] ?? -1);
      b = jump ? this.farOf(b) : (this.parent[b] ?? -1);
    }
    return a;
  }

  private depthOf(block: number): number {
    return this.depth[block] ?? 0;
  }

  private farOf(block: number): number {
    return this.far[block] ?? block;
  }

  private set(block: number, parent: number, far: number, depth: number): void {
    for (let at = this.parent.length; at < block; at += 1) {
      this.parent[at] = -1;
      this.far[at] = at;
      this.depth[at] = 0;
    }
    this.parent[block] = parent;
    this.far[block] = far;
    this.depth[block] = depth;
  }
}
