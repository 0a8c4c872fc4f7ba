// A run: load, begin, attach, read events, detach, end, print maps. Whatever ends it, nothing is left behind.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { setImmediate, setTimeout } from "node:timers/promises";
import { type AttachEnvironment, awaitsEvents, detachAll, runsLastFirst } from "../attach/attach.ts";
import type { Link } from "../attach/link.ts";
import { groupPlaces } from "../attach/merge-places.ts";
import { SystemCallTable } from "../attach/system-calls.ts";
import { present } from "../base/invariant.ts";
import type { CompiledProbe, CompiledProgram } from "../compile/compiled-program.ts";
import type { RunMoment } from "../define/attach-spec.ts";
import type { FeatureName } from "../define/features.ts";
import type { ActionHost, RecordView } from "../define/action.ts";
import { endedFlag, endedStatus, internalMaps, linkConstants } from "../define/internal-names.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import { unwindMaps } from "../define/unwind-layout.ts";
import { kernelNames } from "../kernel/kallsyms.ts";
import { type AttachTarget, type LoadedProbe, type LoadedProgram, loadCompiled } from "../loader/load.ts";
import { lookupElement, testRun, testRunOnPacket, updateElement } from "../sys/bpf.ts";
import type { Child } from "../sys/child.ts";
import type { UserSymbolSource } from "../symbols/user-frame.ts";
import { measureFromBoot, readClock } from "../sys/clock.ts";
import { onProcessEnd } from "../sys/process-end.ts";
import { type Drained, RingBufferReader } from "../sys/ring-buffer.ts";
import { PerfBufferReader } from "../sys/perf-buffer.ts";
import { SystemError, errnoText, reasonOf } from "../sys/system-error.ts";
import { type Attaching, attachProbe, attachTogether, noteAttaching } from "./attach-probe.ts";
import { decodeValue, type Decoder } from "./decode.ts";
import { CreatedFiles } from "./created-files.ts";
import { UserMaps } from "./maps.ts";
import { renderStack } from "./stack-text.ts";
import { Unwinder } from "./unwinder.ts";
import type { EventSink } from "./event-sink.ts";
import { RecordStream } from "./record-stream.ts";

export interface SessionOptions {
  readonly child: Child | undefined;
  /** Process of -p, or of the child. */
  readonly pid: number | undefined;
  /** Further processes whose user stacks may be unwound by tables. */
  readonly unwindPids: readonly number[];
  readonly verbose: boolean;
  /** How much the verifier writes about accepted programs: 0 nothing, else BPF_LOG bits; the sink gets it as notes. */
  readonly verifierLog: number;
  attachTarget(probe: CompiledProbe): AttachTarget;
  kernelId(kind: "function" | "variable", name: string): number | undefined;
  /** Calls back when the user signals to the tracer itself; gives what ends that. */
  onSelf(run: () => void): () => void;
  readonly userSymbols: UserSymbolSource;
  userName(uid: number): string;
  cgroupPath(id: bigint, filter: string): string;
}

/** Attaching looks for signals after so many milliseconds. */
const attachSlice = 50;
/** Rounds of a millisecond that the last drain waits for a record that a program is still writing. */
const busyRounds = 100;
const interruptedWhileAttaching = 255;

/** Time since the process started. Node's `performance` takes milliseconds to load. */
function milliseconds(): number {
  return process.uptime() * 1000;
}

export class AttachFailure extends Error {}

/** Something that the program needs is missing from the start. */
export class StartFailure extends Error {}

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
  private readonly files = new CreatedFiles();
  private packets: PerfBufferReader | undefined;
  private unwinder: Unwinder | undefined;
  /** Something can still happen that has events. */
  private listening = false;
  private lost = 0n;
  private status = 0;
  /** Set by exit(): later events are dropped. */
  private exiting = false;
  private stopWanted = false;
  /** Everything is attached: what is pinned stays. */
  private completed = false;
  /** Ends the waiting for events. */
  private wake: () => void = () => undefined;

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
        [linkConstants.bootToTai]: measureFromBoot("tai"),
      },
      attachTarget: (probe) => options.attachTarget(probe),
      kernelId: (kind, name) => options.kernelId(kind, name),
      logLevel: options.verifierLog,
    });
    for (const log of this.loaded.logs) output.note(log);
    const events = present(compiled.maps.find((map) => map.name === internalMaps.events), "event map");
    this.ring = new RingBufferReader(present(this.loaded.maps.get(internalMaps.events), "event map"), events.maxEntries);
    const packets = this.loaded.maps.get(internalMaps.packets);
    if (packets !== undefined) this.packets = new PerfBufferReader(packets, target.onlineCpus);
    const decoder = this.decoder();
    this.maps = new UserMaps(compiled.userMaps, this.loaded.maps, decoder, target.possibleCpus);
    const host = this.actionHost(decoder);
    this.handlers = compiled.actions.map((spec) =>
      present(registry.actions.get(spec.action), `action ${spec.action}`).prepare(spec, host),
    );
  }

  /**
   * Runs to the end; gives the exit status. `signalled` resolves when the user wants to stop. Everything is printed
   * before close(), which may take long.
   */
  async run(signalled: Promise<void>): Promise<number> {
    void signalled.then(() => {
      this.stopWanted = true;
      this.wake();
    });
    this.startUnwinder();
    this.runPrograms("begin");
    const attached = await this.attachAll();
    if (attached === undefined) return interruptedWhileAttaching;
    this.completed = true;
    this.output.attached(attached);
    this.releaseChild();
    await this.runIterators();
    await this.readEvents();
    this.endPrograms();
    await this.reportChild();
    this.options.child?.terminate();
    if (this.output.abandoned) return this.status;
    this.output.lastEvents();
    await this.drainAll();
    this.exiting = false;
    this.runPrograms("end");
    await this.drainAll();
    this.reportTotalLost();
    this.reportMisses();
    this.output.ending();
    if (this.compiled.config.printMapsOnExit) this.printMaps();
    await this.output.finish();
    return this.status;
  }

  /** Does all up to the first event, and undoes it. */
  async rehearse(): Promise<void> {
    this.startUnwinder();
    this.runPrograms("begin");
    await this.attachAll();
  }

  /** Names of the probes that run in a mode, in the order of the source. */
  modeProbes(moment: RunMoment): readonly string[] {
    return this.probesAt(moment).map(({ probe }) => probe.name);
  }

  /** Runs what begins a run, what ends it, or nothing but what is in between; `work` may run probes of a mode. */
  runMode(work: () => void): void {
    this.startUnwinder();
    this.runPrograms("begin");
    this.drainNow();
    this.exiting = false;
    work();
    this.runPrograms("end");
    this.drainNow();
    this.output.ending();
    this.output.endOfBurst();
  }

  /** Runs one probe of a mode; how it ended, and the mean time of a run. */
  runModeProbe(moment: RunMoment, index: number, repeat: number): ModeRun {
    const { probe, fd } = present(this.probesAt(moment)[index], "probe of a mode");
    this.status = 0;
    const { returned, nanoseconds } = testRunOnPacket(fd, probe.name, repeat);
    this.drainNow();
    this.exiting = false;
    this.output.endOfBurst();
    return { returned, nanoseconds, status: this.status };
  }

  private probesAt(moment: RunMoment): readonly LoadedProbe[] {
    return this.loaded.probes.filter(({ probe }) => probe.attach.mechanism === "test-run" && probe.attach.moment === moment);
  }

  /** Frees everything; also after a failure. */
  async close(): Promise<void> {
    this.ring.close();
    this.packets?.close();
    this.unwinder?.close();
    this.files.close();
    this.options.child?.terminate();
    if (!this.completed) for (const { pinned } of this.links) pinned?.remove();
    this.options.userSymbols.close();
    await detachAll(this.links.splice(0));
    this.loaded.close();
    await this.options.child?.exited;
  }

  // ---- unwind tables ---------------------------------------------------------------------------------------

  /** Makes the tables of all known processes, if some program unwinds stacks. Throws StartFailure. */
  private startUnwinder(): void {
    if (!this.loaded.maps.has(unwindMaps.processes.name)) return;
    const { child, pid, unwindPids } = this.options;
    const pids = new Set([...(pid === undefined ? [] : [pid]), ...unwindPids]);
    if (pids.size === 0) throw new StartFailure("dw_ustack() has to know the processes whose stacks it unwinds: name them with -p, -c or --dwarf-pid");
    if (child !== undefined) this.mapChild(child);
    this.unwinder = new Unwinder(this.loaded.maps, (message) => this.output.warn(message));
    for (const known of pids) {
      try {
        this.unwinder.add(known);
        this.options.userSymbols.remember(known);
      } catch (problem) {
        throw new StartFailure(`The stacks of process ${known} can't be unwound: ${reasonOf(problem)}`, { cause: problem });
      }
    }
    if (this.options.verbose) this.output.note(this.unwinder.summary());
  }

  /** Brings the command to where its libraries are mapped; what is mapped later is looked at when it is met. */
  private mapChild(child: Child): void {
    try {
      child.runToEntry();
    } catch (problem) {
      if (!(problem instanceof SystemError)) throw problem;
      this.output.warn(`The command can't be held at its start (${errnoText(problem.errno)}): its first stacks may be incomplete.`);
    }
  }

  private mappingsChanged(pid: number): void {
    this.unwinder?.mappingsChanged(pid);
    this.options.userSymbols.remember(pid);
  }

  private reportMisses(): void {
    const misses = this.unwinder?.misses() ?? 0n;
    if (misses > 0n && this.options.verbose) this.output.note(`${misses} stacks of dw_ustack() met an address that was in no known mapping`);
  }

  // ---- begin, end, attaching -----------------------------------------------------------------------------

  private runPrograms(moment: RunMoment): void {
    for (const { probe, fd } of this.probesAt(moment)) testRun(fd, probe.name);
  }

  /** Gives the number of attached probes; undefined when the user wants to stop meanwhile. */
  private async attachAll(): Promise<number | undefined> {
    const environment = {
      onlineCpus: this.target.onlineCpus,
      pid: this.options.pid,
      tracepoints: this.target.tracepoints,
      systemCalls: new SystemCallTable(this.target),
      has: (feature: FeatureName) => this.target.has(feature),
    };
    let attached = 0;
    let failed = 0;
    let lookAround = milliseconds() + attachSlice;
    // The kernel runs the last attached first for some mechanisms: those are attached in reverse.
    const forward = this.loaded.probes.filter(({ probe }) => !runsLastFirst(probe.attach));
    const backward = this.loaded.probes.filter(({ probe }) => runsLastFirst(probe.attach)).reverse();
    for (const group of groupPlaces([...forward, ...backward])) {
      const left = new Set(attachTogether(group, this.attaching({ ...environment, typeId: 0 })));
      for (const loaded of group) {
        const { probe, fd } = loaded;
        noteAttaching(probe, (text) => this.note(text));
        const { btfId } = this.options.attachTarget(probe);
        const count = !left.has(loaded) ? probe.count : this.attachOne(probe, fd, { ...environment, typeId: btfId });
        attached += count ?? 0;
        if (count === undefined) failed += 1;
        else if (awaitsEvents(probe.attach)) this.listening = true;
      }
      if (milliseconds() < lookAround) continue;
      await setImmediate();
      if (this.stopWanted) return undefined;
      lookAround = milliseconds() + attachSlice;
    }
    if (attached === 0 && failed > 0) throw new AttachFailure("No probe could be attached");
    return attached;
  }

  private note(text: string): void {
    if (this.options.verbose) this.output.note(text);
  }

  private attaching(environment: AttachEnvironment): Attaching {
    return { loaded: this.loaded, environment, keep: (link) => this.links.push(link), note: (text) => this.note(text) };
  }

  /** Gives how many probes were attached; undefined when the kernel refused and the run goes on without. */
  private attachOne(probe: CompiledProbe, fd: number, environment: AttachEnvironment): number | undefined {
    try {
      return attachProbe({ probe, fd }, this.attaching(environment));
    } catch (problem) {
      if (!(problem instanceof SystemError)) throw problem;
      const { missingProbes } = this.compiled.config;
      if (missingProbes === "error" || missingProbes === "auto") {
        throw new AttachFailure(`Unable to attach probe: ${probe.name}: ${problem.advice || errnoText(problem.errno)}`, { cause: problem });
      }
      if (missingProbes === "warn") this.output.warn(`Unable to attach probe: ${probe.name}. Skipping.`);
      return undefined;
    }
  }

  /** Lets iterators go over all their elements: they write the records of their events. */
  private async runIterators(): Promise<void> {
    for (const { iterate, pinned } of this.links) {
      if (pinned !== undefined) this.output.line("pinned", `Program pinned to ${pinned.path}`);
      if (iterate === undefined) continue;
      const reader = new RecordStream((id) => this.compiled.actions[id]?.size ?? 0);
      for (const piece of iterate()) {
        reader.read(piece, (view, at) => {
          if (!this.exiting) this.handlers[view.words[at >>> 2] ?? 0]?.(view, at);
        });
        this.output.endOfBurst();
        await this.drainAll();
        if (this.output.full) await this.output.ready();
        await setImmediate();
        if (this.exiting || this.output.abandoned || this.stopWanted) break;
      }
      await this.drainAll();
    }
  }

  // ---- events ----------------------------------------------------------------------------------------------

  /** Handles events until the run ends for some reason. */
  private async readEvents(): Promise<void> {
    // A command that was asked for runs to its end.
    if (!this.listening && this.options.child === undefined) return this.drainAll();
    const { child, pid } = this.options;
    const stops: (() => void)[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        this.wake = resolve;
        const timer = setInterval(() => this.lookAround(resolve), 100);
        stops.push(() => clearInterval(timer));
        void child?.exited.then(({ problem }) => {
          if (problem !== undefined) {
            this.output.note(`ERROR: Failed to run the command: ${problem}`);
            this.status = 1;
          }
          resolve();
        });
        stops.push(
          this.options.onSelf(() => {
            this.runPrograms("on-signal");
            this.readSome(resolve);
          }),
        );
        if (child === undefined && pid !== undefined) stops.push(onProcessEnd(pid, resolve).stop);
        this.ring.start(() => {
          try {
            return this.readSome(resolve);
          } catch (problem) {
            reject(problem instanceof Error ? problem : new Error(String(problem)));
            return { count: 0, more: false };
          }
        });
        this.readSome(resolve);
        if (this.stopWanted) resolve();
      });
    } finally {
      this.wake = () => undefined;
      this.ring.stop();
      for (const stop of stops) stop();
    }
  }

  /** Lets the command start: what the script has printed so far stands before its output. */
  private releaseChild(): void {
    if (this.options.child === undefined) return;
    this.drain(() => !this.output.full);
    this.options.child.release();
  }

  /** Says with -v how the command ended, if it has. */
  private async reportChild(): Promise<void> {
    const { child, verbose } = this.options;
    if (child === undefined || !verbose) return;
    const ended = await Promise.race([child.exited, Promise.resolve(undefined)]);
    if (ended === undefined) return;
    this.output.note(ended.signal === null ? `Child exited with code: ${ended.code ?? 0}` : `Child terminated by signal: ${ended.signal}`);
  }

  private readSome(over: () => void): Drained {
    const drained = this.drain(() => !this.output.full);
    if (this.exiting || this.output.abandoned) over();
    else if (this.output.full) this.ring.pauseUntil(this.output.ready());
    return drained;
  }

  /** What is not told by events. */
  private lookAround(over: () => void): void {
    this.checkLost();
    this.drainPackets();
    this.options.userSymbols.poll();
    // The event of exit() may be lost, or stand behind others that nobody takes.
    if (this.readWord(internalMaps.ended) !== 0n || this.output.abandoned) over();
  }

  /** Handles events as long as `goOn` says so; those after exit() are dropped. */
  private drain(goOn: () => boolean): Drained {
    const drained = this.ring.drain((view, at) => {
      if (this.exiting) return true;
      const id = view.words[at >>> 2] ?? 0;
      this.handlers[id]?.(view, at);
      return goOn();
    });
    if (drained.count > 0) this.output.endOfBurst();
    return drained;
  }

  /** Packets come apart from the events. */
  private drainPackets(): void {
    const lost = this.packets?.drain((bytes) => {
      const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
      padded.set(bytes);
      const view = { bytes: padded, words: new Uint32Array(padded.buffer) };
      this.handlers[view.words[0] ?? 0]?.(view, 0);
    });
    if (lost !== undefined && lost > 0n) this.output.lost(lost);
  }

  /** Handles what programs sent that have run already. */
  private drainNow(): void {
    while (this.drain(() => true).count > 0);
  }

  /** Handles what is left, also what is still being written. */
  private async drainAll(): Promise<void> {
    this.drainPackets();
    for (let idle = 0; idle < busyRounds; ) {
      const { count, more } = this.drain(() => !this.output.full);
      if (!more) return;
      idle = count > 0 ? 0 : idle + 1;
      await (this.output.full ? this.output.ready() : setTimeout(count > 0 ? 0 : 1));
    }
  }

  /** No attached program does anything from here on. */
  private endPrograms(): void {
    const ended = this.readWord(internalMaps.ended);
    if (!this.exiting && ended !== 0n) this.status = Number(ended) & endedStatus;
    const word = Buffer.alloc(8);
    word.writeUInt32LE(endedFlag);
    updateElement(this.mapFd(internalMaps.ended), new Uint8Array(4), word);
  }

  private mapFd(name: string): number {
    return present(this.loaded.maps.get(name), `map ${name}`);
  }

  private readWord(map: string): bigint {
    return lookupElement(this.mapFd(map), new Uint8Array(4), 8)?.readBigUInt64LE(0) ?? 0n;
  }

  private checkLost(): void {
    const now = this.readWord(internalMaps.lost);
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
      this.output.map(snapshot);
    }
  }

  private decoder(): Decoder {
    const { options, compiled, target } = this;
    const frames = {
      kernel: kernelNames(),
      user: (pid: number, address: bigint, isReturn: boolean) => options.userSymbols.frame(pid, address, isReturn),
    };
    return {
      registry: this.registry,
      host: {
        kernelSymbol: (address) => frames.kernel(address)?.name,
        userSymbol: (pid, address) => options.userSymbols.name(pid, address),
        userName: (uid) => options.userName(uid),
        cgroupPath: (id, filter) => options.cgroupPath(id, filter),
        bootToRealtime: target.bootToRealtime,
        maxStrlen: compiled.config.maxStrlen,
        complain: (message) => this.output.warn(message),
      },
      stackText: (type, pid, addresses, complete) => renderStack(type, pid, addresses, complete, frames),
    };
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
      maxStrlen: compiled.config.maxStrlen,
      bytes: output.bytes,
      written: () => output.written(),
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
      message: (severity, kind, text, place, failure) => output.message(severity, kind, text, place, failure),
      shell: runShell,
      readFile: readBeginning,
      mappingsChanged: (pid) => this.mappingsChanged(pid),
      createFile: (path, header) => this.files.create(path, header),
      bootToRealtime: this.target.bootToRealtime,
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
    return { ok: false, error: reasonOf(problem) };
  }
}
