// Tables of programs with what they must print, as plain text: rows begin with `[ID]`, then lines `field| content`.
//
//   program|      a line of the program (several make a longer one), given by -e
//   options|      words in front of -e, split at blanks; 'quotes' keep them together
//   words|        words after the program
//   args|         instead of program: all words of the command line; without content: none
//   environment|  NAME=VALUE
//   script|       a line of a file {row}/script.bt, executable
//   stdin|        a line of the standard input
//   stdout|       a line of the expected output; blank lines and trailing blanks do not count
//   regex|        instead of stdout: what the whole output must match
//   diagnostic|   LINE:COL1-COL2 E|W FRAGMENT of stderr, or - for no place
//   stderr|       pattern that stderr must match, `^` and `$` at every line
//   absent|       pattern that neither stdout nor stderr may match
//   result|       instead of the standard output: a file to compare
//   status|       exit status (default 0), or the signal that ends the run
//   fixture|      names of the programs below fixtures/ that the row traces; the row runs in their folder
//   beside|       a command that runs beside; {pid} stands for its process id
//   attached|     signal sent to the tracer when it has attached; `TERM beside` sends it to the other command
//   gone|         pattern whose first group is the id of a process that must have ended
//   needs|        a file without which the row is skipped, or `breakpoints`: a processor that has them
//   kernel|       conditions on the release, all of which must hold: `6.12` (that series), `>=6.2`, `<6.6`
//   pending|      which later step will make the row pass, and why
//
// {row} stands for a folder of the row's own, {unique} for a number that no other run of the tests has at a time, {command} for the
// words that start the tracer, {address SYMBOL} for the hexadecimal address of a kernel symbol.

export interface Row {
  readonly id: string;
  readonly program: string;
  readonly options: readonly string[];
  readonly words: readonly string[];
  /** The whole command line, instead of a program with options. */
  readonly args: readonly string[] | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly script: string | undefined;
  readonly stdin: string | undefined;
  readonly stdout: readonly string[];
  /** Instead of stdout: what the whole output must match. */
  readonly regex: string | undefined;
  readonly diagnostics: readonly string[];
  readonly stderr: readonly string[];
  readonly absent: readonly string[];
  readonly result: string | undefined;
  readonly status: number | string;
  readonly fixtures: readonly string[];
  readonly beside: readonly string[] | undefined;
  readonly attached: { readonly signal: string; readonly to: "tracer" | "beside" } | undefined;
  readonly gone: string | undefined;
  readonly needs: string | undefined;
  readonly kernel: string | undefined;
  readonly pending: string | undefined;
}

const fields = [
  "program", "options", "words", "args", "environment", "script", "stdin", "stdout", "regex", "diagnostic", "stderr", "absent",
  "result", "status", "fixture", "beside", "attached", "gone", "needs", "kernel", "pending",
];

export function parseTable(text: string): readonly Row[] {
  return text
    .split(/^(?=\[\w+\]$)/m)
    .filter((part) => part.startsWith("["))
    .map(parseRow);
}

function parseRow(part: string): Row {
  const [head = "", ...lines] = part.split("\n");
  const unknown = lines.find((line) => line !== "" && !line.startsWith("#") && !fields.includes(line.split("|")[0] ?? ""));
  if (unknown !== undefined) throw new Error(`row ${head}: no such field: ${unknown}`);
  const all = (field: string) =>
    lines.filter((line) => line.startsWith(`${field}|`)).map((line) => line.slice(field.length + 2));
  const text = (field: string) => (all(field).length === 0 ? undefined : all(field).map((line) => `${line}\n`).join(""));
  const words = (field: string) => (all(field).length === 0 ? undefined : all(field).flatMap(splitWords));
  const environment = Object.fromEntries(all("environment").map((pair) => {
    const equals = pair.indexOf("=");
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  }));
  const status = all("status")[0] ?? "0";
  const [signal, to] = all("attached").flatMap(splitWords);
  return {
    id: head.slice(1, -1),
    program: all("program").join("\n"),
    options: words("options") ?? [],
    words: words("words") ?? [],
    args: words("args"),
    environment,
    script: text("script"),
    stdin: text("stdin"),
    stdout: all("stdout"),
    regex: all("regex")[0],
    diagnostics: all("diagnostic"),
    stderr: all("stderr"),
    absent: all("absent"),
    result: all("result")[0],
    status: /^\d+$/.test(status) ? Number(status) : status,
    fixtures: words("fixture") ?? [],
    beside: words("beside"),
    attached: signal === undefined ? undefined : { signal, to: to === "beside" ? "beside" : "tracer" },
    gone: all("gone")[0],
    needs: all("needs")[0],
    kernel: all("kernel")[0],
    pending: all("pending")[0],
  };
}

/** Splits at blanks; quotes keep words together. */
export function splitWords(text: string): readonly string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? "");
}

/** Id and program, for the name of a test. */
export function describeRow(row: Row): string {
  const text = row.args === undefined ? row.program.split("\n").join(" ") : row.args.join(" ");
  return `${row.id} ${text.slice(0, 100)}`;
}
