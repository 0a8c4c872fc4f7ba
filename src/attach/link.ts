// What keeps a program attached, as the mechanisms return it.

export interface Link {
  /** To be closed. The kernel takes tens of milliseconds for some. */
  readonly fds: readonly number[];
  /** To be done when they are closed. */
  readonly afterwards: readonly (() => void)[];
  /** Of a link for many functions: those that the kernel refused. */
  readonly refused?: readonly string[];
  /** Of iterators: runs the program over all elements. */
  readonly iterate?: (take: (bytes: Buffer) => void) => void;
}

export function linkOf(...fds: readonly number[]): Link {
  return { fds, afterwards: [] };
}
