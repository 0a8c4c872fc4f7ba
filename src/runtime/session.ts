// A run: load, begin, attach, read events, detach, end, print maps. Whatever ends it, nothing is left behind.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { attachProgram, type Link } from "../attach/attach.ts";
import { present } from "../base/invariant.ts";
import type { CompiledProbe, CompiledProgram } from "../compile/compiled-program.ts";
import type { RunMoment } from "../define/attach-spec.ts";
import type { ActionHost, RecordView } from "../define/action.ts";
import { internalMaps, linkConstants } from "../define/internal-names.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import { kernelSymbols } from "../kernel/kallsyms.ts";
import { type AttachTarget, type LoadedProbe, type LoadedProgram, loadCompiled } from "../loader/load.ts";
import { lookupElement, testRun, testRunOnPacket } from "../sys/bpf.ts";
import type { Child } from "../sys/child.ts";
import { readClock } from "../sys/clock.ts";
import { RingBufferReader } from "../sys/ring-buffer.ts";
import { SystemError, errnoText } from "../sys/system-error.ts";
import type { StackType } from "../types/type.ts";
import { decodeValue, type Decoder } from "./decode.ts";
import { UserMaps } from "./maps.ts";
import type { EventSink } from "./event-sink.ts";

export interface SessionOptions {
  readonly child: Child | undefined;
  /** Process of -p, or of the child. */
  readonly pid: number | undefined;
  readonly verbose: boolean;
  /** How much the verifier writes about accepted programs: 0 nothing, else BPF_LOG bits; the sink gets it as notes. */
  readonly verifierLog: number;
  attachTarget(probe: CompiledProbe): AttachTarget;
  /** Calls back when the user signals to the tracer itself; gives what ends that. */
  onSelf(run: () => void): () => void;
  userSymbol(pid: number, address: bigint, withOffset: boolean): string | undefined;
  userFrame(pid: number, address: bigint): { readonly symbol: string | undefined; readonly module: string | undefined };
  userName(uid: number): string;
  cgroupPath(id: bigint, filter: string): string;
}

export class AttachFailure extends Error {}

/** A run of a test or a benchmark. */
export interface ModeRun {
  readonly returned: number;
  /** Mean time of a run. */
  readonly nanoseconds: number;
  /** What exit() was called with, else 0. */
  readonly status: number;
}

export class Session {
  private readonly compiled: CompiledProgram;
  private readonly registry: Registry;
  private readonly target: Target;
  private readonly options: SessionOptions;
  private readonly output: EventSink;
  private readonly loaded: LoadedProgram;
  private readonly ring: RingBufferReader;
  private readonly maps: UserMaps;
  private readonly handlers: readonly ((view: RecordView, at: number) => void)[];
  private readonly links: Link[] = [];
  /** Something can still happen that has events. */
  private listening = false;
  private lost = 0n;
  private status = 0;
  /** Set by exit(): later events are dropped. */
  private exiting = false;
  private finish: (() => void) | undefined;

  /** Creates maps and loads programs. Throws VerifierRejection or SystemError. */
  constructor(compiled: CompiledProgram, registry: Registry, target: Target, options: SessionOptions, output: EventSink) {
    this.compiled = compiled;
    this.registry = registry;
    this.target = target;
    this.options = options;
    this.output = output;
    const startTime = readClock("boot");
    this.loaded = loadCompiled(compiled, {
      constants: {
        [linkConstants.childPid]: BigInt(options.child?.pid ?? 0),
        [linkConstants.startTime]: startTime,
        [linkConstants.bootToRealtime]: target.bootToRealtime,
      },
      attachTarget: (probe) => options.attachTarget(probe),
      logLevel: options.verifierLog,
    });
    for (const log of this.loaded.logs) output.note(log);
    const events = present(compiled.maps.find((map) => map.name === internalMaps.events), "event map");
    this.ring = new RingBufferReader(present(this.loaded.maps.get(internalMaps.events), "event map"), events.maxEntries);
    const decoder = this.decoder();
    this.maps = new UserMaps(compiled.userMaps, this.loaded.maps, decoder, target.possibleCpus);
    const host = this.actionHost(decoder);
    this.handlers = compiled.actions.map((spec) =>
      present(registry.actions.get(spec.action), `action ${spec.action}`).prepare(spec, host),
    );
  }

  /** Runs to the end; gives the exit status. `signalled` resolves when the user wants to stop. */
  async run(signalled: Promise<void>): Promise<number> {
    try {
      this.runPrograms("begin");
      const attached = this.attachAll();
      this.output.attached(attached);
      this.options.child?.release();
      await this.loop(signalled);
    } finally {
      this.detachAll();
    }
    await this.reportChild();
    this.options.child?.terminate();
    this.drain();
    this.exiting = false;
    this.runPrograms("end");
    this.drain();
    this.reportTotalLost();
    this.output.ending();
    if (this.compiled.config.printMapsOnExit) this.printMaps();
    this.output.flush();
    return this.status;
  }

  /** Does all up to the first event, and undoes it. */
  rehearse(): void {
    this.runPrograms("begin");
    this.attachAll();
    this.detachAll();
  }

  /** Names of the probes that run in a mode, in the order of the source. */
  modeProbes(moment: RunMoment): readonly string[] {
    return this.probesAt(moment).map(({ probe }) => probe.name);
  }

  /** Runs what begins a run, what ends it, or nothing but what is in between; `work` may run probes of a mode. */
  runMode(work: () => void): void {
    this.runPrograms("begin");
    this.drain();
    this.exiting = false;
    work();
    this.runPrograms("end");
    this.drain();
    this.output.ending();
    this.output.flush();
  }

  /** Runs one probe of a mode; how it ended, and the mean time of a run. */
  runModeProbe(moment: RunMoment, index: number, repeat: number): ModeRun {
    const { probe, fd } = present(this.probesAt(moment)[index], "probe of a mode");
    this.status = 0;
    const { returned, nanoseconds } = testRunOnPacket(fd, probe.name, repeat);
    this.drain();
    this.exiting = false;
    this.output.flush();
    return { returned, nanoseconds, status: this.status };
  }

  private probesAt(moment: RunMoment): readonly LoadedProbe[] {
    return this.loaded.probes.filter(({ probe }) => probe.attach.mechanism === "test-run" && probe.attach.moment === moment);
  }

  /** Frees everything; also after a failure. */
  close(): void {
    this.detachAll();
    this.ring.close();
    this.loaded.close();
    this.options.child?.terminate();
  }

  // ---- begin, end, attaching -----------------------------------------------------------------------------

  private runPrograms(moment: RunMoment): void {
    for (const { probe, fd } of this.probesAt(moment)) testRun(fd, probe.name);
  }

  private attachAll(): number {
    const environment = {
      onlineCpus: this.target.onlineCpus,
      pid: this.options.pid,
      tracepoints: this.target.tracepoints,
    };
    let attached = 0;
    let failed = 0;
    // The kernel runs the last attached first for some mechanisms: those are attached in reverse.
    const reversed = (probe: CompiledProbe) => probe.attach.mechanism.includes("probe");
    const forward = this.loaded.probes.filter(({ probe }) => !reversed(probe));
    const backward = this.loaded.probes.filter(({ probe }) => reversed(probe)).reverse();
    for (const { probe, fd } of [...forward, ...backward]) {
      if (this.options.verbose) this.noteAttaching(probe);
      const success = this.attachOne(probe, fd, environment);
      if (success) attached += probe.count;
      else failed += 1;
      if (success && (probe.attach.mechanism !== "test-run" || probe.attach.moment === "on-signal")) this.listening = true;
    }
    if (attached === 0 && failed > 0) throw new AttachFailure("No probe could be attached");
    return attached;
  }

  private noteAttaching({ attach, name }: CompiledProbe): void {
    if (attach.mechanism === "test-run") return;
    this.output.note(`Trying to attach probe: ${name}`);
    if (attach.mechanism !== "uprobe-multi") return;
    this.output.note(`Attaching to ${attach.names.length} functions`);
    for (const symbol of attach.names) this.output.note(`  ${attach.path}:${symbol}`);
  }

  private attachOne(probe: CompiledProbe, fd: number, environment: Parameters<typeof attachProgram>[3]): boolean {
    try {
      this.links.push(attachProgram(probe.name, fd, probe.attach, environment));
      return true;
    } catch (problem) {
      if (!(problem instanceof SystemError)) throw problem;
      const { missingProbes } = this.compiled.config;
      if (missingProbes === "error") {
        throw new AttachFailure(`Unable to attach probe: ${probe.name}: ${errnoText(problem.errno)}`, { cause: problem });
      }
      if (missingProbes === "warn") this.output.warn(`Unable to attach probe: ${probe.name}. Skipping.`);
      return false;
    }
  }

  private detachAll(): void {
    for (const link of this.links.splice(0).reverse()) link.detach();
  }

  // ---- events ----------------------------------------------------------------------------------------------

  private async loop(signalled: Promise<void>): Promise<void> {
    this.drain();
    // A command that was asked for runs to its end.
    if (this.exiting || (!this.listening && this.options.child === undefined)) return;
    await new Promise<void>((resolve) => {
      this.finish = resolve;
      this.ring.start(() => {
        const count = this.drain();
        if (this.exiting) resolve();
        return count;
      });
      const check = setInterval(() => {
        this.checkLost();
        if (this.processGone()) resolve();
      }, 100);
      void signalled.then(resolve);
      void this.options.child?.exited.then(() => resolve());
      const unsubscribe = this.options.onSelf(() => {
        this.runPrograms("on-signal");
        this.drain();
        if (this.exiting) resolve();
      });
      this.finish = () => {
        clearInterval(check);
        unsubscribe();
      };
    });
    this.finish?.();
    this.ring.stop();
  }

  /** Says with -v how the command ended, if it has. */
  private async reportChild(): Promise<void> {
    const { child, verbose } = this.options;
    if (child === undefined || !verbose) return;
    const ended = await Promise.race([child.exited, Promise.resolve(undefined)]);
    if (ended === undefined) return;
    this.output.note(ended.signal === null ? `Child exited with code: ${ended.code ?? 0}` : `Child terminated by signal: ${ended.signal}`);
  }

  private processGone(): boolean {
    const { pid, child } = this.options;
    if (pid === undefined || child !== undefined) return false;
    try {
      process.kill(pid, 0);
      return false;
    } catch (problem) {
      return problem instanceof Error && "code" in problem && problem.code === "ESRCH";
    }
  }

  private drain(): number {
    const count = this.ring.drain((view, at) => {
      if (this.exiting) return;
      const id = view.words[at >>> 2] ?? 0;
      this.handlers[id]?.(view, at);
    });
    if (count > 0) this.output.endOfBurst();
    return count;
  }

  private readLost(): bigint {
    const fd = present(this.loaded.maps.get(internalMaps.lost), "lost map");
    return lookupElement(fd, new Uint8Array(4), 8)?.readBigUInt64LE(0) ?? 0n;
  }

  private checkLost(): void {
    const now = this.readLost();
    if (now === this.lost) return;
    this.output.lost(now - this.lost);
    this.lost = now;
  }

  private reportTotalLost(): void {
    this.checkLost();
    if (this.lost > 0n) this.output.warn(`Total lost event count: ${this.lost}`);
  }

  // ---- output ------------------------------------------------------------------------------------------------

  private printMaps(): void {
    for (const name of this.maps.names()) {
      const snapshot = this.maps.snapshot(name, 0, 0);
      if (snapshot.entries.length > 0) this.output.map(snapshot);
    }
  }

  private decoder(): Decoder {
    const { options, compiled, target } = this;
    return {
      registry: this.registry,
      host: {
        kernelSymbol: (address) => kernelSymbols().resolve(address)?.name,
        userSymbol: (pid, address) => options.userSymbol(pid, address, false),
        userName: (uid) => options.userName(uid),
        cgroupPath: (id, filter) => options.cgroupPath(id, filter),
        bootToRealtime: target.bootToRealtime,
        maxStrlen: compiled.config.maxStrlen,
        complain: (message) => this.output.warn(message),
      },
      stackText: (type, pid, addresses) => this.stackText(type, pid, addresses),
    };
  }

  private stackText(type: StackType, pid: number, addresses: readonly bigint[]): string {
    const frames = addresses.map((address) => `${this.frameText(type, pid, address)}\n`);
    return `\n${frames.join("")}`;
  }

  private frameText(type: StackType, pid: number, address: bigint): string {
    const hex = address.toString(16);
    if (type.mode === "raw" || type.mode === "build_id") return hex;
    if (type.space === "kernel") {
      const symbol = kernelSymbols().resolve(address);
      const name = symbol === undefined ? `0x${hex}` : `${symbol.name}+${symbol.offset}`;
      return type.mode === "perf" ? `\t${hex} ${name}` : `        ${name}`;
    }
    const { symbol, module } = this.options.userFrame(pid, address);
    const name = symbol ?? `0x${hex}`;
    return type.mode === "perf" ? `\t${hex} ${name} (${module ?? "[unknown]"})` : `        ${name}`;
  }

  private actionHost(decoder: Decoder): ActionHost {
    const { compiled, output } = this;
    const views = new WeakMap<Uint8Array, DataView>();
    const viewOf = (bytes: Uint8Array) => {
      const known = views.get(bytes) ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      views.set(bytes, known);
      return known;
    };
    return {
      truncationTrailer: compiled.config.strTruncTrailer,
      maxCatBytes: compiled.config.maxCatBytes,
      decode: (view, at, field) => decodeValue(decoder, viewOf(view.bytes), at + field.offset, field.type),
      render: (value) => output.text(value),
      output: (kind, text) => output.event(kind, text),
      outputLine: (kind, text) => output.line(kind, text),
      printValue: (value) => output.value(value),
      printMap: (snapshot) => output.map(snapshot),
      snapshot: (map, top, div) => this.maps.snapshot(map, top, div),
      clearMap: (map) => this.maps.clear(map),
      zeroMap: (map) => this.maps.zero(map),
      exit: (status) => {
        this.status = status;
        this.exiting = true;
      },
      message: (severity, kind, text, place) => output.message(severity, kind, text, place),
      shell: runShell,
      readFile: readBeginning,
      now: () => readClock("realtime"),
    };
  }
}

function runShell(command: string): { status: number; output: string } {
  const result = spawnSync("/bin/sh", ["-c", `{ ${command}\n} 2>&1`], { encoding: "latin1", maxBuffer: 1 << 26, stdio: ["inherit", "pipe", "inherit"] });
  return { status: result.status ?? 1, output: result.stdout };
}

function readBeginning(path: string, limit: number): { ok: true; bytes: string } | { ok: false; error: string } {
  try {
    const fd = openSync(Buffer.from(path, "latin1"), "r");
    try {
      const bytes = Buffer.alloc(limit);
      let length = 0;
      for (;;) {
        const count = readSync(fd, bytes, length, limit - length, null);
        length += count;
        if (count === 0 || length === limit) break;
      }
      return { ok: true, bytes: bytes.subarray(0, length).toString("latin1") };
    } finally {
      closeSync(fd);
    }
  } catch (problem) {
    const errno = problem instanceof Error && "errno" in problem ? Number(problem.errno) : 0;
    return { ok: false, error: errnoText(Math.abs(errno)) };
  }
}
