// The command line as data, with the checks that need no file and no kernel.

import { debugStages, oldDebug } from "./debug-stages.ts";
import { type FoundOption, type OptionalArgument, splitCommandLine } from "./getopt.ts";
import { optionTable } from "./option-table.ts";

/** What to do with the program. */
export type Mode = "run" | "codegen" | "compiler-bench" | "bench" | "test" | "format";

export interface CommandLine {
  readonly buffering: "line" | "full" | "none";
  readonly command: string | undefined;
  /** Stages to print; `old` when the old -d asked for a stop after them. */
  readonly debug: readonly string[];
  readonly debugFolders: readonly string[];
  readonly dryRun: boolean;
  /** Of --dwarf-pid, as written. */
  readonly dwarfPids: readonly string[];
  /** File for the compiled program, instead of running it. */
  readonly emit: string | undefined;
  readonly emitElf: string | undefined;
  readonly program: string | undefined;
  readonly format: string;
  readonly includePaths: readonly string[];
  readonly includes: readonly string[];
  readonly list: boolean;
  readonly mode: Mode;
  readonly output: string | undefined;
  readonly pid: string | undefined;
  readonly probeFilter: string | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly unsafe: boolean;
  readonly noWarnings: boolean;
  readonly warnReads: boolean;
  readonly noFeatures: readonly string[];
  readonly traceableFunctions: string | undefined;
  readonly operands: readonly string[];
}

export type ParsedCommandLine =
  | { readonly kind: "run"; readonly line: CommandLine }
  /** An option that is carried out as soon as it is read. */
  | { readonly kind: "show"; readonly what: "help" | "version" | "info"; readonly noFeatures: readonly string[] }
  /** Words that getopt does not take. */
  | { readonly kind: "misused"; readonly problem: string }
  | { readonly kind: "refused"; readonly problem: string; readonly withUsage: boolean };

const features = ["kprobe_multi", "kprobe_session", "rdonly_cast", "rdonly_cast_bytes", "typed_pointers", "uprobe_multi"];
const modes: readonly Exclude<Mode, "run">[] = ["codegen", "compiler-bench", "bench", "test", "format"];

/** Options for a compiler that this program does not have. */
const unsupported: readonly string[] = ["emit-llvm", "verify-llvm-ir"];

/** Parses the words after the program's name. */
export function parseCommandLine(words: readonly string[]): ParsedCommandLine {
  const split = splitCommandLine(words, optionTable, debugArgument);
  for (const [i, option] of split.options.entries()) {
    const shown = showOption(option.key);
    if (shown !== undefined) return { kind: "show", what: shown, noFeatures: valuesOf(split.options.slice(0, i), "no-feature") };
    const problem = checkOption(option, split.options.slice(0, i));
    if (problem !== undefined) return { kind: "refused", problem, withUsage: false };
  }
  if (split.problem !== undefined) return { kind: "misused", problem: split.problem };
  return collect(split.options, split.operands);
}

/** -d names stages since 0.22; before, -d and -dd had no argument. */
const debugArgument: OptionalArgument = (key, attached, next) => {
  if (key !== "d") return undefined;
  if (attached === "d") return { values: [oldDebug, "ir"], usesNext: false };
  const text = attached === "" ? next : attached;
  const named = text?.split(",").every((stage) => debugStages.includes(stage)) === true;
  // A plain word is meant as a stage; anything else (a file, an option) is what follows the old -d.
  if (text === undefined || (!named && !/^[a-z]+$/.test(text))) return { values: [oldDebug], usesNext: false };
  return { values: [text], usesNext: attached === "" };
};

/** Words of an option that takes a list and may be repeated. */
function valuesOf(options: readonly FoundOption[], key: string): readonly string[] {
  return options.filter((option) => option.key === key).flatMap((option) => option.value.split(","));
}

function showOption(key: string): "help" | "version" | "info" | undefined {
  if (key === "h") return "help";
  if (key === "V") return "version";
  return key === "info" ? "info" : undefined;
}

/** What is wrong with an option, given those in front of it. */
function checkOption({ key, value }: FoundOption, earlier: readonly FoundOption[]): string | undefined {
  const given = (other: string) => earlier.some((option) => option.key === other);
  switch (key) {
    case "B":
      return readBuffering(value) === undefined ? "-B must be one of line, full, none" : undefined;
    case "d": {
      const unknown = value.split(",").find((stage) => stage !== oldDebug && !debugStages.includes(stage));
      return unknown === undefined ? undefined : `unknown stage of -d: ${unknown} (known: ${debugStages.join(", ")})`;
    }
    // Older versions knew -kk: what it added is in -k now.
    case "k":
      return given("no-warnings") ? "-k conflicts with --no-warnings" : undefined;
    case "no-warnings":
      return given("k") ? "--no-warnings conflicts with -k" : undefined;
    case "no-feature": {
      const unknown = value.split(",").find((feature) => !features.includes(feature));
      return unknown === undefined ? undefined : `unknown feature of --no-feature: ${unknown} (known: ${features.join(", ")})`;
    }
    case "mode":
    case "test":
    case "bench":
    case "fmt": {
      if (["mode", "test", "bench", "fmt"].some(given)) return `--${key}: the mode is set already`;
      return readMode(key, value) === undefined ? `unknown --mode: ${value} (known: ${modes.join(", ")})` : undefined;
    }
    default:
      return unsupported.includes(key) ? `--${key} is not supported: this bpftrace has its own compiler` : undefined;
  }
}

function readBuffering(value: string): CommandLine["buffering"] | undefined {
  return value === "line" || value === "full" || value === "none" ? value : undefined;
}

function readMode(key: string, value: string): Mode | undefined {
  if (key === "fmt") return "format";
  return modes.find((mode) => mode === (key === "mode" ? value : key));
}

function collect(options: readonly FoundOption[], operands: readonly string[]): ParsedCommandLine {
  const last = (key: string) => options.findLast((option) => option.key === key)?.value;
  const all = (key: string) => options.filter((option) => option.key === key).map((option) => option.value);
  const has = (key: string) => options.some((option) => option.key === key);
  const command = last("c") === "" ? undefined : last("c");
  if (command !== undefined && has("p")) return { kind: "refused", problem: "-c and -p can't be used together", withUsage: true };
  const mode = options.find(({ key }) => ["mode", "test", "bench", "fmt"].includes(key));
  return {
    kind: "run",
    line: {
      buffering: readBuffering(last("B") ?? "line") ?? "line",
      command,
      debug: all("d").flatMap((value) => value.split(",")),
      debugFolders: all("debuginfo").reverse().flatMap((value) => value.split(":")),
      dryRun: has("dry-run"),
      dwarfPids: all("dwarf-pid"),
      emit: last("emit"),
      emitElf: last("emit-elf"),
      program: last("e"),
      format: last("f") ?? "text",
      includePaths: all("I"),
      includes: all("include"),
      list: has("l"),
      mode: mode === undefined ? "run" : (readMode(mode.key, mode.value) ?? "run"),
      output: last("o"),
      pid: last("p"),
      probeFilter: last("probe-filter"),
      quiet: has("q"),
      verbose: has("v"),
      unsafe: has("unsafe"),
      noWarnings: has("no-warnings"),
      warnReads: has("k"),
      noFeatures: valuesOf(options, "no-feature"),
      traceableFunctions: last("traceable-functions"),
      operands,
    },
  };
}
