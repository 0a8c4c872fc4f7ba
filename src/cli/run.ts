// Compiling and running one script for the command line.

import { existsSync, readFileSync } from "node:fs";
import { toByteString } from "../base/byte-string.ts";
import type { CTypes } from "../analysis/context.ts";
import { readCDefinitions } from "../cdecl/c-definitions.ts";
import { headerPaths } from "../cdecl/header-paths.ts";
import { compileProgram } from "../compile/pipeline.ts";
import { btfKinds } from "../formats/btf/reader.ts";
import { hostTarget, vmlinuxBtf } from "../kernel/target.ts";
import { hostUserTargets } from "../symbols/user-targets.ts";
import { UserSymbols } from "../symbols/user-symbols.ts";
import { defaultConfig } from "../language/config/index.ts";
import { createLanguage } from "../language/index.ts";
import { VerifierRejection } from "../loader/load.ts";
import { Output } from "../runtime/output.ts";
import { AttachFailure, Session } from "../runtime/session.ts";
import { OutputWriter } from "../runtime/writer.ts";
import { Diagnostics } from "../source/diagnostic.ts";
import { renderDiagnostic } from "../source/render.ts";
import type { SourceFile } from "../source/source.ts";
import { type Child, startChild } from "../sys/child.ts";
import type { Program } from "../syntax/ast.ts";
import { parseInteger } from "../syntax/parse-integer.ts";
import type { Target } from "../define/target.ts";
import { printStage } from "./debug.ts";
import type { CommandLine } from "./options.ts";

function complain(text: string): void {
  process.stderr.write(text);
}

function useColor(): boolean {
  const wish = process.env["BPFTRACE_COLOR"];
  if (wish === "always" || wish === "never") return wish === "always";
  return process.stderr.isTTY === true && process.stdout.isTTY === true;
}

function report(diagnostics: Diagnostics, noWarnings: boolean): void {
  for (const diagnostic of diagnostics.all()) {
    if (noWarnings && diagnostic.severity === "warning") continue;
    complain(renderDiagnostic(diagnostic, useColor()));
  }
}

/** The process of -p; a text says what is wrong with it. */
function readPid(text: string | undefined): number | undefined | string {
  if (text === undefined) return undefined;
  const number = parseInteger(text);
  if (!("value" in number) || number.value > 0x400000n || number.value < 1n) return `Failed to parse pid: invalid integer: ${text}`;
  const pid = Number(number.value);
  return existsSync(`/proc/${pid}`) ? pid : `pid ${pid}: No such process`;
}

/** Words after the script: positional parameters, and `--name=value` options. */
export function splitWords(words: readonly string[]): {
  readonly positional: readonly string[];
  readonly named: ReadonlyMap<string, string | undefined>;
} {
  const positional: string[] = [];
  const named = new Map<string, string | undefined>();
  for (const word of words) {
    if (!word.startsWith("--")) positional.push(toByteString(word));
    else {
      const equals = word.indexOf("=");
      if (equals < 0) named.set(word.slice(2), undefined);
      else named.set(word.slice(2, equals), toByteString(word.slice(equals + 1)));
    }
  }
  return { positional, named };
}

/** Types of the script's C definitions; without any there is nothing to read. */
export function readCTypes(program: Program, file: SourceFile, line: CommandLine, target: Target, diagnostics: Diagnostics): CTypes {
  if (program.cDefinitions.length === 0 && line.includes.length === 0) {
    return { struct: () => undefined, enum: () => undefined, typedef: () => undefined, enumerator: () => undefined };
  }
  const types = target.kernelTypes;
  const definitions = readCDefinitions(
    {
      text: definitionText(program, file),
      file,
      includes: line.includes,
      includePaths: headerPaths({
        folders: line.includePaths,
        environment: process.env,
        architecture: target.arch,
        kernelFolders: [],
      }),
      defines: types === undefined ? {} : { BPFTRACE_HAVE_BTF: "1" },
      reader: { read: (path) => (existsSync(path) ? readFileSync(path).toString("latin1") : undefined) },
      architecture: target.arch,
      missingIncludesAllowed: types !== undefined,
      externalTypes: (tag, name) =>
        tag === "enum" ? types?.enum(name) : tag === "typedef" ? types?.named(name) : types?.struct(tag, name),
      pointerSpace: "none",
    },
    diagnostics,
  );
  return {
    struct: (tag, name) => definitions.structs.get(`${tag} ${name}`),
    enum: (name) => definitions.enums.get(name),
    typedef: (name) => definitions.typedefs.get(name),
    enumerator: (name) => definitions.enumerators.get(name),
  };
}

/** The C definitions at their lines and columns, everything else blank. */
function definitionText(program: Program, file: SourceFile): string {
  let text = "";
  for (const { span, kind } of program.cDefinitions) {
    text += file.text.slice(text.length, span.start).replace(/[^\n]/g, " ");
    const piece = file.text.slice(span.start, span.end);
    text += piece;
    if (kind === "declaration" && !piece.trimEnd().endsWith(";")) text = `${text};`;
  }
  return text;
}

export async function runScript(line: CommandLine, file: SourceFile, words: readonly string[], outputFd: number): Promise<number> {
  const givenPid = readPid(line.pid);
  if (typeof givenPid === "string") {
    complain(`ERROR: ${givenPid}\n`);
    return 1;
  }
  let child: Child | undefined;
  if (line.command !== undefined) {
    try {
      child = startChild(line.command);
    } catch (problem) {
      complain(`ERROR: Failed to create child process: ${problem instanceof Error ? problem.message : ""}\n`);
      return 1;
    }
  }
  try {
    return await compileAndRun(line, file, words, outputFd, givenPid, child);
  } finally {
    child?.terminate();
  }
}

async function compileAndRun(
  line: CommandLine,
  file: SourceFile,
  words: readonly string[],
  outputFd: number,
  pid: number | undefined,
  child: Child | undefined,
): Promise<number> {
  const registry = createLanguage();
  const target = hostTarget(hostUserTargets(), new Set(line.noFeatures));
  const diagnostics = new Diagnostics();
  const { positional, named } = splitWords(words);
  const result = compileProgram({
    file,
    registry,
    target,
    defaults: defaultConfig,
    options: { unsafe: line.unsafe, pid, positional, named, environment: process.env },
    warningLevel: line.noWarnings ? 0 : line.warnReads ? 2 : 1,
    diagnostics,
    readCTypes: (program) => readCTypes(program, file, line, target, diagnostics),
    trace: line.debug.length === 0 ? undefined : (stage, value) => printStage(line.debug, stage, value),
  });
  report(diagnostics, line.noWarnings);
  if (result.kind === "bad-environment") {
    complain(`${result.problem}\n`);
    return 2;
  }
  if (result.kind === "failed") return diagnostics.all().some((d) => d.code === "c-include-not-found") ? 2 : 1;
  if (line.debug.includes("old")) return 0;
  const { program } = result;
  if (program.probes.length === 0) {
    if (!line.quiet) process.stdout.write("No probes to attach\n");
    return 1;
  }
  const format = line.format === "json" ? "json" : "text";
  const writer = new OutputWriter(outputFd, line.buffering);
  const output = new Output(writer, {
    format,
    truncationTrailer: program.config.strTruncTrailer,
    noWarnings: line.noWarnings,
    complain,
  });
  const symbols = new UserSymbols(program.config.cppDemangle);
  return runSession(line, () =>
    new Session(program, registry, target, {
      child,
      pid: pid ?? child?.pid,
      verbose: line.verbose,
      quiet: line.quiet,
      attachBtfId: (probe) => attachBtfId(probe.attach),
      userSymbol: (process, address) => symbols.resolve(process, address)?.name,
      userFrame: (process, address) => symbols.frame(process, address),
      userName: (uid) => String(uid),
    }, output),
  );
}

/** BTF-typed raw tracepoints are loaded for the typedef of their event. */
function attachBtfId(attach: { readonly mechanism: string; readonly event?: string }): number {
  if (attach.mechanism !== "tp-btf") return 0;
  return vmlinuxBtf()?.reader.find(btfKinds.typedef, `btf_trace_${attach.event ?? ""}`) ?? 0;
}

async function runSession(line: CommandLine, create: () => Session): Promise<number> {
  let stop: () => void = () => undefined;
  const signalled = new Promise<void>((resolve) => {
    stop = resolve;
  });
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  let session: Session | undefined;
  try {
    session = create();
    if (line.dryRun) return 0;
    return await session.run(signalled);
  } catch (problem) {
    if (problem instanceof VerifierRejection) {
      complain(`ERROR: ${problem.message} Use -v to see the whole verifier log\n`);
      complain(line.verbose ? problem.log : `${problem.log.trimEnd().split("\n").slice(-6).join("\n")}\n`);
      return 255;
    }
    if (problem instanceof AttachFailure) {
      complain(`ERROR: ${problem.message}\nHINT: set the config missing_probes = warn to go on without it\n`);
      return 255;
    }
    throw problem;
  } finally {
    session?.close();
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
