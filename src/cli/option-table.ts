// All options of the command line: one table for parsing and for the help text.

export interface OptionDef {
  /** The letter or, without one, the long name. */
  readonly key: string;
  readonly short: string | undefined;
  readonly long: string | undefined;
  /** What the help calls the argument; undefined for options without one. */
  readonly argument: string | undefined;
  /** Where the help shows it; old options that have no effect any more are accepted silently. */
  readonly section: "options" | "troubleshooting" | "silent";
  readonly help: string;
}

function option(spelling: string, help: string, section: OptionDef["section"] = "options"): OptionDef {
  const match = /^(?:-(\w))?(?:, )?(?:--([\w-]+))?(?: (.+))?$/.exec(spelling);
  const [, short, long, argument] = match ?? [];
  return { key: short ?? long ?? "", short, long, argument, section, help };
}

export const optionTable: readonly OptionDef[] = [
  option("-B MODE", "buffering of the output: 'line', 'full' or 'none'"),
  option("-c, --cmd CMD", "run CMD and trace it; the run ends when it ends"),
  option("--dwarf-pid PID", "let dw_ustack() unwind stacks of this process too; may be repeated"),
  option("-e PROGRAM", "run this program"),
  option("--emit FILE", "write the compiled program to FILE, to be run later with bpftrace FILE"),
  option("-f FORMAT", "format of the output: 'text' or 'json'"),
  option("--fmt", "print the program in its canonical layout"),
  option("-h, --help", "show this text"),
  option("-I DIR", "search DIR for #include files first"),
  option("--include FILE", "include FILE before the program"),
  option("-l, --list [SEARCH|FILE]", "list probes, kernel types, or the probes of a program; -v adds arguments"),
  option("-o, --output FILE", "write the program's output to FILE"),
  option("-p, --pid PID", "trace this process only"),
  option("--probe-filter REGEX", "attach only probes whose name matches"),
  option("-q, --quiet", "keep messages quiet"),
  option("--unsafe", "allow functions that change the system"),
  option("--no-warnings", "show no warnings"),
  option("-V, --version", "print the version"),
  option("--test", "run the test probes"),
  option("--bench", "run the bench probes"),
  option("-d, --debug STAGE,...", "print stages of the compiler: see below", "troubleshooting"),
  option("--debuginfo DIR:...", "search DIR for separate debug files first", "troubleshooting"),
  option("--dry-run", "compile, load and attach, then stop", "troubleshooting"),
  option("--emit-elf FILE", "write the compiled programs to FILE as an ELF object", "troubleshooting"),
  option("--info", "tell what this machine and its kernel support", "troubleshooting"),
  option("-k, --warnings", "warn of failed reads and lookups as well", "troubleshooting"),
  option("--mode MODE", "'codegen', 'compiler-bench', 'bench', 'test' or 'format'", "troubleshooting"),
  option("--no-feature NAME,...", "do without features of the kernel, as --info names them", "troubleshooting"),
  option("--traceable-functions FILE", "read the functions that can be traced from FILE", "troubleshooting"),
  option("-v, --verbose", "tell what happens; show the verifier's log", "troubleshooting"),
  { ...option("--aot FILE", "", "silent"), key: "emit" },
  option("-b, --btf", "", "silent"),
  option("--emit-llvm FILE", "", "silent"),
  option("--usdt-file-activation", "", "silent"),
  option("--verify-llvm-ir", "", "silent"),
];

/** -l takes its pattern as an operand: its argument in the table is for the help only. */
export function takesArgument(definition: OptionDef): boolean {
  return definition.argument !== undefined && !definition.argument.startsWith("[");
}
