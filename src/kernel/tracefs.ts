// The kernel's tracing file system: the list of tracepoints and the formats of their records.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TracepointField, Tracepoints } from "../define/target.ts";

const places = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/** The mount point of tracefs, mounted if need be. Throws an Error that says what to do when it can't be had. */
export function tracefsPath(): string {
  const found = places.find((place) => existsSync(join(place, "available_events")));
  if (found !== undefined) return found;
  const place = "/sys/kernel/tracing";
  try {
    execFileSync("mount", ["-t", "tracefs", "nodev", place], { stdio: "pipe" });
  } catch (cause) {
    throw new Error(`tracefs is not mounted and can't be: run \`mount -t tracefs nodev ${place}\` as root`, { cause });
  }
  return place;
}

const fieldPattern = /^\tfield:(.*?);\toffset:(\d+);\tsize:(\d+);\tsigned:(\d);/;

/** A `field:` line of a format file. */
function parseField(line: string): TracepointField | undefined {
  const match = fieldPattern.exec(line);
  if (match === null) return undefined;
  const [, declaration = "", offset = "0", size = "0", signed = "0"] = match;
  const split = /^(.*?)(\w+)(?:\[(.*)\])?$/.exec(declaration);
  const ctype = (split?.[1] ?? declaration).trim();
  const array = split?.[3];
  const isArray = array !== undefined && !ctype.includes("__data_loc") && !ctype.includes("__rel_loc");
  const count = isArray ? Number(array === "" ? 0 : array) : 1;
  return {
    name: split?.[2] ?? declaration,
    ctype,
    offset: Number(offset),
    size: Number(size),
    signed: signed === "1",
    kind: kindOf(ctype, isArray),
    count: Number.isNaN(count) ? elementCount(ctype, Number(size)) : count,
  };
}

/** Array sizes may be spelled as constants of the kernel: then the size in bytes decides. */
function elementCount(ctype: string, size: number): number {
  if (/\bchar$|u8$|s8$/.test(ctype)) return size;
  if (/16$|short$/.test(ctype)) return size / 2;
  return /64$|long$|\*$/.test(ctype) ? size / 8 : size / 4;
}

function kindOf(ctype: string, array: boolean): TracepointField["kind"] {
  if (ctype.includes("__data_loc")) return "data-loc";
  if (ctype.includes("__rel_loc")) return "rel-loc";
  if (!array) return "scalar";
  return /^(const )?char$/.test(ctype) ? "char-array" : "array";
}

/** A tracepoint's record: its number among the events, and the fields. */
export interface Format {
  readonly id: number;
  readonly fields: readonly TracepointField[];
}

export function createTracepoints(): Tracepoints {
  const formats = new Map<string, Format | undefined>();
  const state: { list: readonly string[] | undefined; root: string | undefined } = { list: undefined, root: undefined };
  const root = () => {
    state.root ??= tracefsPath();
    return state.root;
  };
  return {
    list: () => {
      state.list ??= readFileSync(join(root(), "available_events"), "latin1").split("\n").filter((l) => l !== "").sort();
      return state.list;
    },
    format: (category, event) => {
      const key = `${category}:${event}`;
      if (!formats.has(key)) formats.set(key, readFormat(join(root(), "events", category, event)));
      return formats.get(key);
    },
  };
}

function readFormat(folder: string): Format | undefined {
  const file = join(folder, "format");
  if (folder.includes("..") || !existsSync(file)) return undefined;
  return parseFormat(readFileSync(file, "latin1"));
}

/** The text of a format file. */
export function parseFormat(text: string): Format {
  const lines = text.split("\n");
  const id = Number(/^ID: (\d+)/.exec(lines[1] ?? "")?.[1] ?? 0);
  return { id, fields: lines.flatMap((line) => parseField(line) ?? []) };
}
