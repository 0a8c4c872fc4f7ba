// For tests: reads C definitions with headers that stand in memory.

import { Diagnostics } from "../source/diagnostic.ts";
import { SourceFile } from "../source/source.ts";
import { type StructType, typeName } from "../types/type.ts";
import { type CDefinitions, type CInput, readCDefinitions } from "./c-definitions.ts";

export interface ReadResult {
  readonly definitions: CDefinitions;
  /** `line:column message`, in the script. */
  readonly problems: readonly string[];
}

export interface ReadOptions extends Partial<Omit<CInput, "text" | "file" | "reader">> {
  /** Text by path; `/inc` is searched. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function read(text: string, options: ReadOptions = {}): ReadResult {
  const { headers = {}, ...rest } = options;
  const diagnostics = new Diagnostics();
  const definitions = readCDefinitions(
    {
      text,
      file: new SourceFile("script.bt", text),
      includes: [],
      includePaths: ["/inc", "/inc2"],
      defines: {},
      reader: { read: (path) => headers[path] },
      architecture: "x64",
      missingIncludesAllowed: false,
      externalTypes: () => undefined,
      pointerSpace: "kernel",
      ...rest,
    },
    diagnostics,
  );
  const problems = diagnostics.all().map((d) => {
    const at = d.span === undefined ? undefined : d.span.file.position(d.span.start);
    return `${at === undefined ? "-" : `${at.line}:${at.column}`} ${d.message}`;
  });
  return { definitions, problems };
}

/** `size: name type@offset …`, bit-fields as `@offset[shift+width]`. */
export function describe(type: StructType | undefined): string {
  if (type === undefined) return "none";
  const fields = type.layout.fields().map((field) => {
    const bits = field.bits === undefined ? "" : `[${field.bits.shift}+${field.bits.width}]`;
    return `${field.name} ${typeName(field.type)}@${field.offset}${bits}`;
  });
  return [`${type.layout.size}:`, ...fields].join(" ").replace(/(?<=:) /, " ");
}
