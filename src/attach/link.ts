// What keeps a program attached, as the mechanisms return it.

export interface Link {
  /** To be closed. The kernel takes tens of milliseconds for some. */
  readonly fds: readonly number[];
  /** To be done when they are closed. */
  readonly afterwards: readonly (() => void)[];
  /** Of a link for many functions: those that the kernel refused. */
  readonly refused?: readonly string[];
  /** Of iterators: runs the program over all elements, and gives what it wrote. */
  readonly iterate?: () => Iterable<Buffer>;
  /** Of iterators: the file that keeps it attached when all else is closed. */
  readonly pinned?: { readonly path: string; remove(): void };
}

export function linkOf(...fds: readonly number[]): Link {
  return { fds, afterwards: [] };
}
