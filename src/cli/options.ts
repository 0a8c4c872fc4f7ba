// The command line, as getopt_long reads it: options anywhere, short ones combined, long ones abbreviated.

export interface CommandLine {
  readonly buffering: "line" | "full" | "none";
  readonly command: string | undefined;
  readonly debug: readonly string[];
  readonly dryRun: boolean;
  readonly program: string | undefined;
  readonly format: string;
  readonly includePaths: readonly string[];
  readonly includes: readonly string[];
  readonly list: boolean;
  readonly output: string | undefined;
  readonly pid: string | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly unsafe: boolean;
  readonly noWarnings: boolean;
  readonly warnReads: boolean;
  readonly noFeatures: readonly string[];
  readonly fmt: boolean;
  /** File for the compiled program, instead of running it. */
  readonly emit: string | undefined;
  /** First of -h, -V, --info on the line. */
  readonly show: "help" | "version" | "info" | undefined;
  readonly operands: readonly string[];
}

export type ParsedCommandLine = { readonly ok: true; readonly line: CommandLine } | { readonly ok: false; readonly problem: string };

const withValue = ["B", "c", "e", "f", "I", "o", "p"] as const;
const shortFlags = "bhlqvVkd";

const longOptions: ReadonlyMap<string, { readonly short: string; readonly value: boolean }> = new Map([
  ["help", { short: "h", value: false }],
  ["version", { short: "V", value: false }],
  ["info", { short: "info", value: false }],
  ["cmd", { short: "c", value: true }],
  ["debug", { short: "d", value: true }],
  ["dry-run", { short: "dry-run", value: false }],
  ["list", { short: "l", value: false }],
  ["output", { short: "o", value: true }],
  ["pid", { short: "p", value: true }],
  ["quiet", { short: "q", value: false }],
  ["verbose", { short: "v", value: false }],
  ["unsafe", { short: "unsafe", value: false }],
  ["no-warnings", { short: "no-warnings", value: false }],
  ["warnings", { short: "k", value: false }],
  ["include", { short: "include", value: true }],
  ["no-feature", { short: "no-feature", value: true }],
  ["usdt-file-activation", { short: "usdt-file-activation", value: false }],
  ["btf", { short: "b", value: false }],
  ["fmt", { short: "fmt", value: false }],
  ["emit", { short: "emit", value: true }],
  ["aot", { short: "emit", value: true }],
]);

/** Stages that -d can name. */
const stages = ["ast", "types", "ir", "passes", "codegen", "codegen-opt", "bytecode", "dis", "verifier", "libbpf", "all"];

interface Found {
  readonly option: string;
  readonly value: string;
}

/** Parses the words after the program's name. */
export function parseCommandLine(words: readonly string[]): ParsedCommandLine {
  const found: Found[] = [];
  const operands: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--") {
      operands.push(...words.slice(i + 1));
      break;
    }
    if (word.startsWith("--")) {
      const result = longOption(word.slice(2), words[i + 1]);
      if (typeof result === "string") return { ok: false, problem: result };
      found.push(result);
      i += result.used;
    } else if (word.startsWith("-") && word !== "-") {
      const result = shortOptions(word.slice(1), words[i + 1]);
      if (typeof result === "string") return { ok: false, problem: result };
      found.push(...result.found);
      i += result.used;
    } else operands.push(word);
  }
  return collect(found, operands);
}

function longOption(text: string, next: string | undefined): (Found & { readonly used: number }) | string {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const exact = longOptions.get(name);
  const matches = exact === undefined ? [...longOptions].filter(([long]) => long.startsWith(name)) : [[name, exact] as const];
  const [match] = matches;
  if (match === undefined || name === "") return `unrecognized option '--${name}'`;
  if (matches.length > 1) return `option '--${name}' is ambiguous`;
  const [long, { short, value }] = match;
  if (!value) return equals < 0 ? { option: short, value: "", used: 0 } : `option '--${long}' doesn't allow an argument`;
  if (equals >= 0) return { option: short, value: text.slice(equals + 1), used: 0 };
  if (next === undefined) return `option '--${long}' requires an argument`;
  return { option: short, value: next, used: 1 };
}

function shortOptions(text: string, next: string | undefined): { readonly found: readonly Found[]; readonly used: number } | string {
  const found: Found[] = [];
  for (let i = 0; i < text.length; i++) {
    const option = text.charAt(i);
    if (withValue.some((o) => o === option)) {
      const rest = text.slice(i + 1);
      if (rest !== "") return { found: [...found, { option, value: rest }], used: 0 };
      if (next === undefined) return `option requires an argument -- '${option}'`;
      return { found: [...found, { option, value: next }], used: 1 };
    }
    if (!shortFlags.includes(option)) return `invalid option -- '${option}'`;
    if (option === "d") {
      // Old -d and -dd have no argument; new -d names stages.
      const rest = text.slice(i + 1);
      if (rest === "d") return { found: [...found, { option, value: "ir" }, { option, value: "ast" }], used: 0 };
      const stage = rest === "" ? next : rest;
      const named = stage !== undefined && !stage.startsWith("-") && stage.split(",").every((s) => stages.includes(s));
      if (!named && stage !== undefined && /^[a-z]+$/.test(stage)) return `unknown debug stage '${stage}' (${stages.join(", ")})`;
      const used = named && rest === "" ? 1 : 0;
      return { found: [...found, { option, value: named ? stage : "old" }], used };
    }
    found.push({ option, value: "" });
  }
  return { found, used: 0 };
}

function collect(found: readonly Found[], operands: readonly string[]): ParsedCommandLine {
  const last = (option: string) => found.findLast((f) => f.option === option)?.value;
  const all = (option: string) => found.filter((f) => f.option === option).map((f) => f.value);
  const has = (option: string) => found.some((f) => f.option === option);
  const buffering = last("B") ?? "line";
  if (buffering !== "line" && buffering !== "full" && buffering !== "none") {
    return { ok: false, problem: "-B must be either 'line', 'full', or 'none'" };
  }
  if (has("k") && has("no-warnings")) return { ok: false, problem: "-k conflicts with --no-warnings" };
  if (all("k").length > 1) return { ok: false, problem: "-kk has been removed: -k warns of all helpers" };
  const show = found.find((f) => f.option === "h" || f.option === "V" || f.option === "info");
  const command = last("c") === "" ? undefined : last("c");
  if (command !== undefined && has("p")) return { ok: false, problem: "Cannot use both -c and -p" };
  return {
    ok: true,
    line: {
      buffering,
      command,
      debug: all("d").flatMap((value) => value.split(",")),
      dryRun: has("dry-run"),
      program: last("e"),
      format: last("f") ?? "text",
      includePaths: all("I"),
      includes: all("include"),
      list: has("l"),
      output: last("o"),
      pid: last("p"),
      quiet: has("q"),
      verbose: has("v"),
      unsafe: has("unsafe"),
      noWarnings: has("no-warnings"),
      warnReads: has("k"),
      noFeatures: all("no-feature").flatMap((value) => value.split(",")),
      fmt: has("fmt"),
      emit: last("emit"),
      show: show === undefined ? undefined : show.option === "h" ? "help" : show.option === "V" ? "version" : "info",
      operands,
    },
  };
}

export const usage = `USAGE:
    bpftrace [options] filename
    bpftrace [options] - <stdin input>
    bpftrace [options] -e 'program'

OPTIONS:
    -B MODE        output buffering mode ('line', 'full', 'none')
    -c 'CMD'       run CMD and trace it; the run ends when it ends
    -d STAGE       print a stage of the compiler: ast, types, ir, passes, bytecode, verifier, all
    --dry-run      compile, load and attach, then stop
    -e 'program'   execute this program
    --emit FILE    write the compiled program to FILE, to be run later with bpftrace FILE
    -f FORMAT      output format ('text', 'json')
    --fmt          print the program in standard form, to stdout or the file of -o
    -h, --help     show this help message
    -I DIR         add a folder to the search path of #include
    --include FILE add an #include in front of the program
    --info         tell what this kernel supports
    -k             warn of failed reads as well
    -l [pattern]   list probes; with -v also their arguments
    --no-feature F,...  do without a kernel feature
    --no-warnings  no warnings
    -o FILE        write program output to FILE
    -p PID         trace this process only
    -q             keep messages quiet
    --unsafe       allow functions that change the system
    -v             verbose messages
    -V, --version  print the version

ENVIRONMENT:
    BPFTRACE_MAX_STRLEN   [default: 1024] bytes of a string that str() reads
    BPFTRACE_MAX_MAP_KEYS [default: 4096] elements of a map
    BPFTRACE_MAX_PROBES   [default: 1024] probes at most
    BPFTRACE_BTF          file with the kernel's types

EXAMPLES:
    bpftrace -l '*sleep*'
        list probes with "sleep" in their name
    bpftrace -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }'
        count system calls by command
`;
