// What a program took for granted of its machine: noted while it is compiled, checked before it runs on another one.

import { isFeatureName } from "../define/features.ts";
import type { KernelTypes, Target, Tracepoints, UserTargets } from "../define/target.ts";
import type { StructType, Type } from "../types/type.ts";

export type FactKind =
  | "architecture"
  | "cpus"
  | "feature"
  | "struct"
  | "union"
  | "type"
  | "enumerator"
  | "prototype"
  | "raw-tracepoint"
  | "tracepoint"
  | "symbol"
  | "cgroup"
  | "type-id"
  | "function"
  | "callable"
  | "file"
  | "pid-namespace";

/** One observation: `value` is a short text that stands for what was seen. */
export interface Fact {
  readonly kind: FactKind;
  readonly subject: string;
  readonly value: string;
}

/** A target that notes what is asked of it. `facts` gives the notes, once the compiler is through. */
export function observeTarget(target: Target): { readonly target: Target; facts(): readonly Fact[] } {
  const seen = new Map<string, Fact>();
  const note = (kind: FactKind, subject: string) => {
    const key = `${kind} ${subject}`;
    if (!seen.has(key)) seen.set(key, { kind, subject, value: observe(target, kind, subject) });
  };
  const observed: Target = {
    get arch() {
      note("architecture", "");
      return target.arch;
    },
    release: target.release,
    get possibleCpus() {
      note("cpus", "");
      return target.possibleCpus;
    },
    get onlineCpus() {
      return target.onlineCpus;
    },
    get bootToRealtime() {
      return target.bootToRealtime;
    },
    has: (feature) => {
      const there = target.has(feature);
      if (there) note("feature", feature);
      return there;
    },
    get kernelTypes() {
      return target.kernelTypes === undefined ? undefined : observeTypes(target.kernelTypes, note);
    },
    tracepoints: observeTracepoints(target.tracepoints, note),
    userTargets: observeFiles(target.userTargets, note),
    kernelFunctions: {
      ...target.kernelFunctions,
      address: (symbol) => {
        note("symbol", symbol);
        return target.kernelFunctions.address(symbol);
      },
    },
    loadedPrograms: () => target.loadedPrograms(),
    get pidNamespace() {
      note("pid-namespace", "");
      return target.pidNamespace;
    },
    cgroupId: (path) => {
      note("cgroup", path);
      return target.cgroupId(path);
    },
    allowsKernelFunction: (name, program) => {
      note("callable", `${name} ${program.type} ${program.expectedAttach}`);
      return target.allowsKernelFunction(name, program);
    },
  };
  return {
    target: observed,
    facts: () => {
      for (const { layout } of target.kernelTypes?.examined() ?? []) note(layout.tag, layout.name);
      return [...seen.values()];
    },
  };
}

type Note = (kind: FactKind, subject: string) => void;

function observeTypes(types: KernelTypes, note: Note): KernelTypes {
  return {
    ...types,
    enumerator: (name) => {
      const found = types.enumerator(name);
      if (found !== undefined) note("enumerator", name);
      return found;
    },
    named: (name) => {
      const found = types.named(name);
      if (found !== undefined) note("type", name);
      return found;
    },
    typeId: (tag, name) => {
      note("type-id", `${tag} ${name}`);
      return types.typeId(tag, name);
    },
    structId: (struct) => (canBeNoted(types, struct, note) ? types.structId(struct) : undefined),
    plainLoad: (struct, offset, size) => {
      const load = types.plainLoad(struct, offset, size);
      return load === undefined || !canBeNoted(types, struct, note) ? undefined : load;
    },
    functionModules: (name) => {
      note("function", name);
      return types.functionModules(name);
    },
    functionPrototype: (name, module) => {
      note("prototype", name);
      return types.functionPrototype(name, module);
    },
    traceParameters: (event) => {
      note("raw-tracepoint", event);
      return types.traceParameters(event);
    },
  };
}

/** Programs have ids of structs in them: those must be the same, of structs that can be named. */
function canBeNoted(types: KernelTypes, struct: StructType, note: Note): boolean {
  const { tag, name } = struct.layout;
  if (types.typeId(tag, name) !== types.structId(struct)) return false;
  note("type-id", `${tag} ${name}`);
  return true;
}

function observeTracepoints(tracepoints: Tracepoints, note: Note): Tracepoints {
  return {
    list: () => tracepoints.list(),
    format: (category, event) => {
      note("tracepoint", `${category}:${event}`);
      return tracepoints.format(category, event);
    },
  };
}

function observeFiles(files: UserTargets, note: Note): UserTargets {
  return {
    ...files,
    symbol: (path, name) => {
      note("file", path);
      return files.symbol(path, name);
    },
    functions: (path) => {
      note("file", path);
      return files.functions(path);
    },
    fileOffset: (path, address) => {
      note("file", path);
      return files.fileOffset(path, address);
    },
  };
}

/** The facts that do not hold on a target, as sentences. */
export function unmetFacts(facts: readonly Fact[], target: Target): string[] {
  return facts.flatMap((fact) => {
    const now = observe(target, fact.kind, fact.subject);
    return now === fact.value ? [] : [difference(fact, now)];
  });
}

function difference({ kind, subject, value }: Fact, now: string): string {
  const missing = now === absent;
  switch (kind) {
    case "architecture":
      return `it is for ${value}, this machine is ${now}`;
    case "cpus":
      return `it is for ${value} possible CPUs, this machine has ${now}`;
    case "feature":
      return `it needs the kernel feature ${subject}`;
    case "pid-namespace":
      return "it was compiled in another PID namespace";
    case "file":
      return missing ? `the file ${subject} is not there` : `the file ${subject} is another one`;
    default:
      return missing ? `this kernel has no ${words[kind]} ${subject}` : `the ${words[kind]} ${subject} is different on this kernel`;
  }
}

const words: Readonly<Record<string, string>> = {
  struct: "struct",
  union: "union",
  type: "type",
  enumerator: "enumerator",
  prototype: "function",
  "raw-tracepoint": "raw tracepoint",
  tracepoint: "tracepoint",
  symbol: "address of the symbol",
  cgroup: "cgroup",
  "type-id": "BTF id of",
  function: "function",
  callable: "function that may be called,",
};

const absent = "-";

/** What a target says about a subject, as a short text. */
function observe(target: Target, kind: FactKind, subject: string): string {
  switch (kind) {
    case "architecture":
      return target.arch;
    case "cpus":
      return String(target.possibleCpus);
    case "feature":
      return isFeatureName(subject) && target.has(subject) ? "yes" : absent;
    case "struct":
    case "union":
      return structText(target.kernelTypes?.struct(kind, subject));
    case "type":
      return typeText(target.kernelTypes?.named(subject));
    case "enumerator":
      return target.kernelTypes?.enumerator(subject)?.value.toString() ?? absent;
    case "prototype": {
      const found = target.kernelTypes?.functionPrototype(subject, undefined);
      return found === undefined ? absent : parametersText([...found.parameters, { name: "", type: found.returns }]);
    }
    case "raw-tracepoint":
      return parametersText(target.kernelTypes?.traceParameters(subject));
    case "tracepoint": {
      const [category = "", event = ""] = subject.split(":");
      const fields = target.tracepoints.format(category, event)?.fields;
      return fields === undefined ? absent : digest(fields.map((f) => `${f.name}@${f.offset}:${f.size}${f.kind}`).join());
    }
    case "symbol":
      return target.kernelFunctions.address(subject)?.toString(16) ?? absent;
    case "cgroup":
      return target.cgroupId(subject)?.toString() ?? absent;
    case "type-id": {
      const [tag = "", name = ""] = subject.split(" ");
      if (tag !== "struct" && tag !== "union" && tag !== "enum") return absent;
      return target.kernelTypes?.typeId(tag, name)?.toString() ?? absent;
    }
    case "function":
      return target.kernelTypes?.functionModules(subject).join() || absent;
    case "callable": {
      const [name = "", type, expectedAttach] = subject.split(" ");
      return target.allowsKernelFunction(name, { type: Number(type), expectedAttach: Number(expectedAttach) }) ? "yes" : absent;
    }
    case "file":
      return fileText(target.userTargets, subject);
    case "pid-namespace":
      return target.pidNamespace === undefined ? "initial" : `${target.pidNamespace.device}:${target.pidNamespace.inode}`;
  }
}

function structText(type: StructType | undefined): string {
  if (type === undefined) return absent;
  const { size, fields } = type.layout;
  const text = fields().map((f) => `${f.name}@${f.offset}:${typeText(f.type)}.${f.bits?.shift ?? ""}.${f.bits?.width ?? ""}`);
  return digest(`${size} ${text.join()}`);
}

function parametersText(parameters: readonly { readonly name: string; readonly type: Type }[] | undefined): string {
  return parameters === undefined ? absent : digest(parameters.map(({ name, type }) => `${name}:${typeText(type)}`).join());
}

/** Shape of a type without what its pointers lead to. */
function typeText(type: Type | undefined): string {
  if (type === undefined) return absent;
  switch (type.kind) {
    case "int":
      return `${type.signed ? "i" : "u"}${type.bytes}`;
    case "enum":
      return `e${type.bytes}`;
    case "string":
      return `s${type.size}`;
    case "array":
      return `${typeText(type.element)}[${type.count}]`;
    case "struct":
      return `${type.layout.tag} ${type.layout.name} ${type.layout.size}`;
    case "pointer":
      return "p";
    default:
      return type.kind;
  }
}

/** Size and first page: the page holds the build id of nearly every ELF file. */
function fileText(files: UserTargets, path: string): string {
  try {
    const head = files.bytes(path, 0, 4096);
    return digest(Buffer.from(head.buffer, head.byteOffset, head.length).toString("latin1"));
  } catch {
    // A file that cannot be read counts as absent.
    return absent;
  }
}

/** FNV-1a, 64 bits. */
function digest(text: string): string {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (let i = 0; i < text.length; i++) hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100_0000_01b3n);
  return hash.toString(16);
}
