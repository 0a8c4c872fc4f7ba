// Opaque value types: bytes that only their definition can turn into something to print (symbols, addresses, times).

import type { Value } from "../output/value.ts";

/** What resolving values may ask the host for. */
export interface ResolveHost {
  kernelSymbol(address: bigint): string | undefined;
  userSymbol(pid: number, address: bigint): string | undefined;
  userName(uid: number): string;
  cgroupPath(id: bigint, filter: string): string;
  /** Wall clock minus boot clock, in nanoseconds. */
  readonly bootToRealtime: bigint;
  readonly maxStrlen: number;
  /** A line on stderr. */
  complain(message: string): void;
}

export interface ValueTypeDef {
  readonly name: string;
  /** It shows the name of an address of a process. */
  readonly namesUserAddress?: boolean;
  /** `bytes` is exactly the value. */
  decode(bytes: Uint8Array, parameters: readonly (string | number)[], host: ResolveHost): Value;
}
