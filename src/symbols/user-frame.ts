// What is known of an address of a process, for those who print it.

/** All texts are byte strings. */
export interface UserFrame {
  /** Of the symbol that contains the address. */
  readonly name: string | undefined;
  readonly offset: bigint;
  /** The mapped file, as the process sees it; undefined when there is none at the address. */
  readonly module: string | undefined;
  /** `FILE:LINE`. */
  readonly source: string | undefined;
  /** Functions whose bodies stand in the symbol's at this address, from the innermost to the outermost. */
  readonly inlined: readonly { readonly name: string; readonly source: string | undefined }[];
}

/** Names of user addresses. */
export interface UserSymbolSource {
  /** Of a function or a variable. */
  name(pid: number, address: bigint): string | undefined;
  /** `isReturn`: a call returns to the address, so that the source is that of the call. */
  frame(pid: number, address: bigint, isReturn: boolean): UserFrame;
  /** Notes where a process has its code now, for the names of its addresses after its end. */
  remember(pid: number): void;
  /** Takes note of what processes did; called now and then. */
  poll(): void;
  close(): void;
}
