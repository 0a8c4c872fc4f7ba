// Tables of programs with what they must print, as plain text: rows begin with `[ID]`, then lines `field| content`.
//
//   program|      a line of the program (several make a longer one)
//   options|      words in front of -e, split at blanks; 'quotes' keep them together
//   words|        words after the program
//   environment|  NAME=VALUE
//   stdout|       a line of the expected output; blank lines and trailing blanks do not count
//   regex|        instead of stdout: what the whole output must match
//   diagnostic|   LINE:COL1-COL2 E|W FRAGMENT of stderr, or - for no place
//   status|       exit status (default 0)
//   pending|      which later step will make the row pass, and why

export interface Row {
  readonly id: string;
  readonly program: string;
  readonly options: readonly string[];
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly stdout: readonly string[];
  /** Instead of stdout: what the whole output must match. */
  readonly regex: string | undefined;
  readonly diagnostics: readonly string[];
  readonly status: number;
  readonly pending: string | undefined;
}

export function parseTable(text: string): readonly Row[] {
  return text
    .split(/^(?=\[\w+\]$)/m)
    .filter((part) => part.startsWith("["))
    .map(parseRow);
}

function parseRow(part: string): Row {
  const [head = "", ...lines] = part.split("\n");
  const all = (field: string) =>
    lines.filter((line) => line.startsWith(`${field}|`)).map((line) => line.slice(field.length + 2));
  const environment = Object.fromEntries(all("environment").map((text) => {
    const equals = text.indexOf("=");
    return [text.slice(0, equals), text.slice(equals + 1)];
  }));
  return {
    id: head.slice(1, -1),
    program: all("program").join("\n"),
    options: all("options").flatMap(splitWords),
    words: all("words").flatMap(splitWords),
    environment,
    stdout: all("stdout"),
    regex: all("regex")[0],
    diagnostics: all("diagnostic"),
    status: Number(all("status")[0] ?? 0),
    pending: all("pending")[0],
  };
}

/** Splits at blanks; quotes keep words together. */
export function splitWords(text: string): readonly string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? "");
}
