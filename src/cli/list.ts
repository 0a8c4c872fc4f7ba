// -l: probes by pattern, kernel types by name, or the probes of a script; with -v their arguments.

import { existsSync, readFileSync, statSync } from "node:fs";
import { toByteString } from "../base/byte-string.ts";
import { hasWildcard, wildcardPattern } from "../define/points.ts";
import type { ListRequest, ProbeDef } from "../define/probe.ts";
import type { Registry } from "../define/registry.ts";
import type { Machine } from "../library/compile.ts";
import { OutputWriter } from "../runtime/writer.ts";
import { SourceFile } from "../source/source.ts";
import { listDefinition } from "./list-definition.ts";
import { listScript } from "./list-script.ts";
import { isTypePattern, listTypes } from "./list-types.ts";
import { openMachine } from "./machine.ts";
import type { CommandLine } from "./options.ts";
import { dieOfBrokenPipe } from "./signals.ts";
import type { Terminal } from "./terminal.ts";
import { usage } from "./usage.ts";
import { readPid } from "./words.ts";

/** Lists what the operands mean; exit status. */
export async function listProbes(line: CommandLine, terminal: Terminal): Promise<number> {
  const [operand, more] = line.operands;
  const pid = line.pid === undefined ? undefined : readPid("-p", line.pid);
  if (more !== undefined) {
    terminal.write(usage);
    return 1;
  }
  if (typeof pid === "string") {
    terminal.error(pid);
    return 1;
  }
  const machine = openMachine(line, terminal);
  if (machine === undefined) return 1;
  const script = readScript(line, operand, terminal);
  const lines = script === undefined ? listPatterns(line, operand, machine, pid) : listScript(line, script, machine, pid, terminal);
  if (lines === undefined) return 1;
  const writer = new OutputWriter(1, "full");
  if (lines.length > 0) writer.write(`${lines.join("\n")}\n`);
  await writer.finish();
  if (writer.abandoned) dieOfBrokenPipe();
  return 0;
}

/** The script to list: a file of that name goes before -e. */
function readScript(line: CommandLine, operand: string | undefined, terminal: Terminal): SourceFile | undefined {
  if (operand !== undefined && existsSync(operand) && statSync(operand).isFile()) {
    return new SourceFile(operand, readFileSync(operand).toString("latin1"));
  }
  if (line.program !== undefined) return new SourceFile("stdin", toByteString(line.program));
  if (operand?.includes(".") === true && !/[:*]/.test(operand)) {
    terminal.warn(`there is no file '${operand}': it is taken as a pattern`);
  }
  return undefined;
}

function listPatterns(line: CommandLine, operand: string | undefined, machine: Machine, pid: number | undefined): readonly string[] {
  const patterns = operand === undefined ? [undefined] : operand.split(",").map((pattern) => pattern.trim());
  return patterns.flatMap((pattern) => {
    if (pattern !== undefined && isTypePattern(pattern)) return listTypes(pattern, line.verbose);
    return listPattern(line, pattern, machine, pid);
  });
}

/** Probes of a pattern, type by type; without one, all that listings show. */
function listPattern(line: CommandLine, pattern: string | undefined, machine: Machine, pid: number | undefined): readonly string[] {
  const text = pattern === undefined ? "*:*" : pattern.includes(":") ? pattern : `*:${pattern}`;
  const [provider = "", ...parts] = text.split(":");
  const request: ListRequest = { parts, from: "pattern", target: machine.target, pid };
  return findDefinitions(machine.registry, provider, parts, pid).flatMap((definition) =>
    listDefinition(definition, request, line.verbose),
  );
}

function findDefinitions(registry: Registry, provider: string, parts: readonly string[], pid: number | undefined): readonly ProbeDef[] {
  if (!hasWildcard(provider)) {
    const definition = registry.probe(provider);
    return definition === undefined ? [] : [definition];
  }
  const word = wildcardPattern(provider);
  const [file = ""] = parts;
  const user = pid !== undefined || (file.includes("/") && existsSync(file));
  return registry.definitions.probes
    .filter((d) => (d.listedWith === "kernel" || (user && d.listedWith === "user")) && word.test(d.names[0] ?? ""))
    .sort((a, b) => ((a.names[0] ?? "") < (b.names[0] ?? "") ? -1 : 1));
}
