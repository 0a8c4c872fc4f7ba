// What a probe type is to the rest of the compiler: a definition that turns an attach point's text into concrete points.

import type { Diagnostics } from "../source/diagnostic.ts";
import type { UsdtArgument } from "../formats/usdt-arguments.ts";
import type { Span } from "../source/source.ts";
import type { AddressSpace, Type } from "../types/type.ts";
import type { AttachSpec, ProgramKind } from "./attach-spec.ts";
import type { Config } from "./config.ts";
import type { Target } from "./target.ts";

/** How a program reaches the data of its event. */
export type ContextKind =
  /** Nothing to read. */
  | "none"
  /** struct pt_regs at the context (kprobe, uprobe, perf events). */
  | "registers"
  /** An array of u64 (raw tracepoints, fentry). */
  | "words"
  /** A record with the layout of a tracepoint format. */
  | "record";

/** Things that only some probes have; builtins name the one they need. */
export type Capability = "args" | "argN" | "sargN" | "retval" | "func" | "ctx" | "reg" | "usermode" | "uaddr" | "signal" | "override" | "typed";

/** The probes that have each of them, for messages. */
export const capabilityProbes: Readonly<Record<Capability, string>> = {
  args: "tracepoint, rawtracepoint, fentry, fexit and uprobe probes",
  argN: "kprobe, uprobe, usdt and rawtracepoint probes",
  sargN: "kprobe and uprobe probes",
  retval: "kretprobe, uretprobe and fexit probes",
  func: "kprobe, kretprobe, uprobe, uretprobe, fentry and fexit probes",
  ctx: "kprobe, uprobe, usdt, perf event and iter probes",
  reg: "kprobe, uprobe, usdt and perf event probes",
  usermode: "kprobe, uprobe, usdt and perf event probes",
  uaddr: "uprobe, uretprobe and usdt probes",
  signal: "kprobe, uprobe, usdt, tracepoint, rawtracepoint, profile, fentry and fexit probes",
  override: "kprobe probes",
  typed: "fentry, fexit, iter and rawtracepoint probes",
};

/** Where a field of `args` is found. */
export type ArgumentSource =
  /** Bytes of the context record. */
  | { readonly from: "record"; readonly offset: number; readonly size: number }
  /** A u32 at `offset` of the record holds the data's offset (low half; rel: counted from after that u32). */
  | { readonly from: "data-loc"; readonly offset: number; readonly relative: boolean }
  /** A register of the interrupted task, in the kernel's struct pt_regs that word 0 of the context points to. */
  | { readonly from: "saved-register"; readonly offset: number; readonly size: 4 | 8 }
  /** Word `index` of the context. */
  | { readonly from: "word"; readonly index: number }
  /** Function argument `index` in its register. */
  | { readonly from: "register"; readonly index: number };

export interface ArgumentField {
  readonly name: string;
  readonly type: Type;
  readonly source: ArgumentSource;
}

/** What a function returned: in a word of the context, or where a helper finds it (Linux 5.17). */
export interface FunctionResult {
  readonly type: Type;
  readonly source: { readonly from: "word"; readonly index: number } | { readonly from: "helper" };
}

export interface ArgumentsLayout {
  readonly fields: readonly ArgumentField[];
  /** Fields that exist but may not be read, with the reason. */
  readonly forbidden: ReadonlyMap<string, string>;
  /** Whether `args` as a whole is a value (a record of its fields). */
  readonly wholeIsValue: boolean;
  /** What the function returned, where its type is known. */
  readonly result?: FunctionResult | undefined;
}

/** Argument specifications of a USDT probe. */
export interface UsdtPlace {
  readonly arguments: readonly UsdtArgument[];
  /** Virtual address of the probe's instruction: with it a global's address is found at run time. */
  readonly address: bigint;
  /** Addresses of the globals that the arguments name. */
  readonly globals: ReadonlyMap<string, bigint>;
}

/** One end of functions; a point at each end makes a session. */
export interface SessionEnd {
  readonly end: "entry" | "return";
  /** The functions as written: both ends must have the same. */
  readonly functions: string;
  /** The program for both ends; undefined where the kernel has none. */
  together(): Pick<ProbePoint, "program" | "attach"> | undefined;
}

/** One concrete place to attach to; one loaded program. */
export interface ProbePoint {
  /** Canonical provider name. */
  readonly provider: string;
  /** What the `probetype` builtin says. */
  readonly probeType: string;
  /** What the `probe` builtin says. */
  readonly name: string;
  readonly span: Span;
  readonly program: ProgramKind;
  readonly attach: AttachSpec;
  readonly context: ContextKind;
  readonly capabilities: ReadonlySet<Capability>;
  /** Space of pointers made from integers, and of `args` pointers without a tag of their own. */
  readonly space: AddressSpace;
  /** Default return value of the program. */
  readonly returns: 0 | 1;
  /** What the point adds to the number of attached probes. */
  readonly count: number;
  /** A name that only one probe of the script may have. */
  readonly unique: boolean;
  /** True when -p is carried out by a comparison in the program. */
  readonly filtersByPid: boolean;
  /** Of probes in user programs: the file, and the virtual address of the place in the file's own terms, if it is one place. */
  readonly user?: { readonly path: string; readonly address: bigint | undefined };
  /** Where a USDT probe's arguments are: its own locations may differ from those of other points of the same name. */
  readonly usdt?: UsdtPlace;
  /** Struct that `ctx` points to; undefined: struct pt_regs. */
  readonly contextStruct?: string;
  /** Word of the context that is null when the program is called once more after the last element: nothing is done then. */
  readonly lastCallWord?: number;
  /** Of iterators: what the program writes into the iterator's file, records of events for the tracer, or text for others. */
  readonly writes?: "records" | "text";
  /** Of points that can share a program with a point at the other end of the same functions. */
  readonly session?: SessionEnd;
  /** The kernel itself runs the function for what programs do: all programs then keep from running inside another one. */
  readonly runsInPrograms?: boolean;
  /** No other attach point may share the probe's body. */
  readonly alone?: boolean;
  /** Layout of `args`; a string says why there is none. */
  arguments(): ArgumentsLayout | string;
}

/** An attach point after splitting. */
export interface AttachPointText {
  /** The provider as written. */
  readonly provider: string;
  /** Further parts, unquoted. */
  readonly parts: readonly string[];
  /** Whether a part was quoted as a whole or in part. */
  readonly quoted: readonly boolean[];
  readonly label: string | undefined;
  readonly span: Span;
}

export interface ResolveRequest {
  readonly text: AttachPointText;
  readonly target: Target;
  readonly config: Config;
  readonly diagnostics: Diagnostics;
  /** The body needs one program for each match (it uses `probe`, or `args` that differ). */
  readonly full: boolean;
  readonly unsafe: boolean;
  readonly pid: number | undefined;
  /** The provider was a pattern that means several types: an event without its group is then looked for in all groups. */
  readonly anyGroup: boolean;
}

/** A pattern of -l, or an attach point of a script that is only listed. */
export interface ListRequest {
  /** What follows the provider, split at colons. */
  readonly parts: readonly string[];
  readonly from: "pattern" | "script";
  readonly target: Target;
  readonly pid: number | undefined;
}

export type Resolution =
  | { readonly kind: "points"; readonly points: readonly ProbePoint[] }
  /** Nothing matches; `what` names it as in `No matches for tracepoint a:b`. */
  | { readonly kind: "missing"; readonly what: string; readonly wildcard: boolean; readonly meant: Meant | undefined }
  /** Reported already. */
  | { readonly kind: "invalid" };

/** What a misspelled name may have meant. */
export interface Meant {
  readonly name: string;
  among(): Iterable<string>;
}

export interface ProbeDef {
  /** Canonical name first, then aliases; full names match in any case, one- and two-letter ones as the spec says. */
  readonly names: readonly string[];
  readonly probeType: string;
  readonly doc: string;
  /** Attach point forms, for the reference. */
  readonly syntax: readonly string[];
  /** A program that fires it. */
  readonly example: string;
  /** How many parts may follow the provider. */
  readonly parts: { readonly min: number; readonly max: number };
  /** Which listings include it when the provider is a pattern. */
  readonly listedWith: "kernel" | "user" | "none";
  resolve(request: ResolveRequest): Resolution;
  /** What all points of one probe become where some are better attached together; points of other types stay as they are. */
  readonly together?: (target: Target, points: readonly ProbePoint[]) => readonly ProbePoint[];
  /** The same for points that share one program. */
  readonly ofOneProgram?: (target: Target, points: readonly ProbePoint[]) => readonly ProbePoint[];
  /** What a pattern finds below the provider (`sched:sched_switch`, `cpu-clock:`), for listings; sorted. */
  list(request: ListRequest): readonly string[];
  /** Lines of a verbose listing for a name that `list` found: its parameters. */
  listing(target: Target, candidate: string): readonly string[];
}
