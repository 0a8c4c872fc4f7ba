// The compiler's output: plain data that a loader can turn into maps and programs on this or another machine.

import type { ActionSpec } from "../define/action.ts";
import type { UserMap } from "../define/analysed.ts";
import type { AttachSpec, ProgramKind } from "../define/attach-spec.ts";
import type { Config } from "../define/config.ts";
import type { MapShape } from "../define/host-map.ts";
import type { BytecodeProgram } from "../backend/bytecode.ts";

/** A map to create. */
export interface MapSpec extends MapShape {
  /** Name that relocations use. */
  readonly name: string;
  /** Of maps of maps: what its elements are. */
  readonly inner: MapShape | undefined;
  /** First value of a one-entry array, when it is not zero; such maps are frozen when `readOnly`. */
  readonly content: Uint8Array | undefined;
  readonly readOnly: boolean;
}

/** Where user space finds the elements of a script's map. */
export interface UserMapSpec {
  readonly map: UserMap;
  /** Name of the MapSpec that holds the elements. */
  readonly storage: string;
  /**
   * scalar: one-entry array of {u64 present; value}; scalar-buckets: per-CPU array of states by bucket;
   * keyed: hash; keyed-buckets: hash whose keys end in a u64 bucket.
   */
  readonly layout: "scalar" | "scalar-buckets" | "keyed" | "keyed-buckets";
  readonly perCpu: boolean;
  readonly valueSize: number;
  readonly keySize: number;
}

/** One program and where it goes; the same bytecode may be loaded several times. */
export interface CompiledProbe {
  /** What the `probe` builtin says, for messages. */
  readonly name: string;
  readonly functionName: string;
  readonly program: ProgramKind;
  readonly attach: AttachSpec;
  readonly bytecode: BytecodeProgram;
  /** What it adds to `Attached N probes`. */
  readonly count: number;
  /** Results of kernel functions that this kind of program may not call, by name: constants take the place of the calls. */
  readonly answers?: Readonly<Record<string, number>>;
}

export interface CompiledProgram {
  readonly config: Config;
  readonly maps: readonly MapSpec[];
  readonly userMaps: readonly UserMapSpec[];
  /** In the order of the source. */
  readonly probes: readonly CompiledProbe[];
  readonly actions: readonly ActionSpec[];
}
