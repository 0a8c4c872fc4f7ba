// Running a compiled program: load, attach, hand events to a sink, end.

import { readFileSync } from "node:fs";
import type { CompiledProbe, CompiledProgram } from "../compile/compiled-program.ts";
import { btfKinds } from "../formats/btf/reader.ts";
import { cgroupPaths } from "../kernel/cgroups.ts";
import { functionId, vmlinuxBtf } from "../kernel/module-btf.ts";
import { userNames } from "../kernel/users.ts";
import { type AttachTarget, VerifierRejection } from "../loader/load.ts";
import type { EventSink } from "../runtime/event-sink.ts";
import { Session } from "../runtime/session.ts";
import { showsUserSymbols } from "../runtime/symbol-use.ts";
import { UserSymbols } from "../symbols/user-symbols.ts";
import type { Child } from "../sys/child.ts";
import type { Machine } from "./compile.ts";

export interface RunOptions {
  /** Started, but waiting to be released. */
  readonly child: Child | undefined;
  /** The run ends when this process does. */
  readonly pid: number | undefined;
  /** Further processes that dw_ustack() unwinds stacks of, besides that of -p and the command. */
  readonly unwindPids: readonly number[];
  /** Says what is attached, keeps the verifier's logs. */
  readonly verbose: boolean;
  /** BPF_LOG bits for accepted programs (1 instructions, 2 all branches, 4 statistics); the sink gets the logs as notes. */
  readonly verifierLog: number;
  /** Loads and attaches, then stops without an event. */
  readonly dryRun: boolean;
  /** Calls back when the user signals to the tracer itself; gives what ends that. */
  onSelf(run: () => void): () => void;
  /** The same program with every read of kernel memory made by probe_read: it is run when the kernel refuses the first one; undefined: there is none. */
  readonly withoutLoads: (() => CompiledProgram | undefined) | undefined;
  /** Resolves when the run shall end. */
  readonly stop: Promise<void>;
}

/** Loads a compiled program. Throws VerifierRejection or SystemError; the caller closes the session. */
export function createSession(program: CompiledProgram, machine: Machine, options: RunOptions, sink: EventSink): Session {
  try {
    return openSession(program, machine, options, sink);
  } catch (problem) {
    if (!(problem instanceof VerifierRejection)) throw problem;
    // What verifiers allow is known from those of many releases: of another one a stricter rule shall not keep the script from running.
    const other = options.withoutLoads?.();
    if (other === undefined || hasSameCode(program, other)) throw problem;
    if (options.verbose) sink.note(`The kernel refused the program of ${problem.probe}; it is loaded without loads of kernel memory: ${problem.complaint?.message ?? ""}`);
    return openSession(other, machine, options, sink);
  }
}

function hasSameCode(a: CompiledProgram, b: CompiledProgram): boolean {
  return a.probes.every(({ bytecode }, i) => Buffer.compare(bytecode.code, b.probes[i]?.bytecode.code ?? new Uint8Array()) === 0);
}

function openSession(program: CompiledProgram, machine: Machine, options: RunOptions, sink: EventSink): Session {
  const { child, pid, verbose, verifierLog } = options;
  const userSymbols = openUserSymbols(program, machine, pid ?? child?.pid, child !== undefined);
  try {
    return new Session(
      program,
      machine.registry,
      machine.target,
      {
        child,
        pid: pid ?? child?.pid,
        unwindPids: options.unwindPids,
        verbose,
        verifierLog,
        onSelf: options.onSelf,
        attachTarget,
        kernelId,
        userSymbols,
        userName: userNames(),
        cgroupPath: cgroupPaths(),
      },
      sink,
    );
  } catch (problem) {
    userSymbols.close();
    throw problem;
  }
}

/** Symbols of processes, which are watched from now on if the program shows any. */
function openUserSymbols(program: CompiledProgram, machine: Machine, pid: number | undefined, isChild: boolean): UserSymbols {
  const { config, probes } = program;
  const symbols = new UserSymbols({
    demangles: config.cppDemangle,
    debugFolders: machine.debugFolders,
    splitFiles: machine.splitFiles,
    cache: config.cacheUserSymbols !== "auto" ? config.cacheUserSymbols : isChild || !randomisesAddresses() ? "PER_PROGRAM" : "PER_PID",
    showsSource: config.showDebugInfo,
  });
  if (!showsUserSymbols(program, machine.registry)) return symbols;
  const first = pid === undefined ? [] : [pid];
  symbols.listen(machine.target.onlineCpus, first);
  if (!config.lazySymbolication) symbols.preload(probes.flatMap(({ attach }) => ("path" in attach ? [attach.path] : [])), first);
  return symbols;
}

/** Whether programs are loaded at other addresses each time. */
function randomisesAddresses(): boolean {
  try {
    return readFileSync("/proc/sys/kernel/randomize_va_space", "latin1").trim() !== "0";
  } catch {
    // The usual.
    return true;
  }
}

/** BTF id of a function or variable of the kernel itself. */
export function kernelId(kind: "function" | "variable", name: string): number | undefined {
  return vmlinuxBtf()?.reader.find(kind === "function" ? btfKinds.func : btfKinds.variable, name);
}

/** Runs to the end; gives the exit status. Throws VerifierRejection, AttachFailure or SystemError; leaves nothing behind. */
export async function runProgram(
  program: CompiledProgram,
  machine: Machine,
  options: RunOptions,
  sink: EventSink,
): Promise<number> {
  const session = createSession(program, machine, options, sink);
  try {
    if (!options.dryRun) return await session.run(options.stop);
    await session.rehearse();
    return 0;
  } finally {
    await session.close();
  }
}

/** What tracing programs are loaded for: the typedef of a raw tracepoint, a function. */
export function attachTarget(probe: CompiledProbe): AttachTarget {
  const { attach } = probe;
  switch (attach.mechanism) {
    case "tp-btf":
      return { btfId: vmlinuxBtf()?.reader.find(btfKinds.typedef, `btf_trace_${attach.event}`) ?? 0, module: undefined };
    case "iter":
      return { btfId: functionId(`bpf_iter_${attach.name}`, "vmlinux") ?? 0, module: undefined };
    case "system-call":
      return { btfId: vmlinuxBtf()?.reader.find(btfKinds.typedef, `btf_trace_sys_${attach.phase}`) ?? 0, module: undefined };
    case "fentry":
      return {
        btfId: functionId(attach.function, attach.module) ?? 0,
        module: attach.module === "vmlinux" ? undefined : attach.module,
      };
    case "fentry-program":
      return { btfId: attach.typeId, module: undefined, programId: attach.programId };
    default:
      return { btfId: 0, module: undefined };
  }
}
