// All configuration keys and their defaults.

import type { Config, ConfigDef, ConfigResult, ConfigValue, UnstableSetting } from "../../define/config.ts";
import { parseInteger } from "../../syntax/parse-integer.ts";

export const defaultConfig: Config = {
  cacheUserSymbols: "auto",
  cppDemangle: true,
  lazySymbolication: true,
  dummyTsMap: "",
  license: "GPL",
  logSize: 1_000_000,
  maxBpfProgs: 1024,
  maxCatBytes: 10_240,
  maxMapKeys: 4096,
  maxProbes: 1024,
  maxStrlen: 1024,
  missingProbes: "auto",
  onStackLimit: 32,
  perfRbPages: 0,
  printMapsOnExit: true,
  showDebugInfo: false,
  stackMode: "bpftrace",
  strTruncTrailer: "..",
  useBlazesym: false,
  unstableTseries: "warn",
  unstableDwUstack: "warn",
  unstableTypeinfo: "error",
  unstableImportStatement: "error",
};

function text(value: ConfigValue): string {
  return value.kind === "int" || value.kind === "bool" ? String(value.value) : value.value;
}

function refuse<T>(reason: string): ConfigResult<T> {
  return { ok: false, reason };
}

type KeysOf<T> = { [K in keyof Config]: Config[K] extends T ? (T extends Config[K] ? K : never) : never }[keyof Config];

/** A number of bytes, entries or programs, up to a limit that still fits the machine. */
function numberKey(key: string, property: KeysOf<number>, doc: string, limit: number, least = 0): ConfigDef {
  return {
    key,
    property,
    doc,
    apply: (config, value) => {
      const given = text(value);
      const parsed = parseInteger(given);
      if (!("value" in parsed)) return refuse(`expecting a number, got ${given}`);
      const number = Number(parsed.value);
      if (number > limit || number < least) return refuse(`${given} is out of range (${least} to ${limit})`);
      return { ok: true, value: { ...config, [property]: number } };
    },
  };
}

/** What counts as true and false, in any case; numbers are true unless they are 0. */
function truth(given: string): boolean | undefined {
  const word = given.toLowerCase();
  if (["true", "on", "yes"].includes(word)) return true;
  if (["false", "off", "no"].includes(word)) return false;
  const number = parseInteger(word);
  return "value" in number ? number.value !== 0n : undefined;
}

function boolKey(key: string, property: KeysOf<boolean>, doc: string): ConfigDef {
  return {
    key,
    property,
    doc,
    apply: (config, value) => {
      const given = truth(text(value));
      if (given === undefined) return refuse("valid values are true and false");
      return { ok: true, value: { ...config, [property]: given } };
    },
  };
}

function choiceKey(key: string, property: keyof Config, doc: string, choices: ReadonlyMap<string, string>): ConfigDef {
  return {
    key,
    property,
    doc,
    apply: (config, value) => {
      const choice = choices.get(text(value));
      if (choice === undefined) {
        return refuse(`valid values are ${[...choices.keys()].join(", ")}`);
      }
      return { ok: true, value: { ...config, [property]: choice } };
    },
  };
}

function same(...values: readonly string[]): ReadonlyMap<string, string> {
  return new Map(values.map((value) => [value, value]));
}

const licenses = same(
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
);

/** A feature that may still change: allowed, allowed with a warning, or refused. */
function unstableKey(key: string, property: KeysOf<UnstableSetting>, doc: string): ConfigDef {
  return {
    key,
    property,
    doc,
    apply: (config, value) => {
      const setting = unstableSetting(text(value));
      if (setting === undefined) return refuse("valid values are enable, warn and error");
      return { ok: true, value: { ...config, [property]: setting } };
    },
  };
}

function unstableSetting(given: string): UnstableSetting | undefined {
  const word = given.toLowerCase();
  if (word === "enable" || word === "warn" || word === "error") return word;
  const allowed = truth(word);
  return allowed === undefined ? undefined : allowed ? "enable" : "error";
}

const trailer: ConfigDef = {
  key: "str_trunc_trailer",
  property: "strTruncTrailer",
  doc: "Appended to strings that were cut.",
  apply: (config, value) => ({ ok: true, value: { ...config, strTruncTrailer: text(value) } }),
};

const dummyClock: ConfigDef = {
  key: "dummy_ts_map",
  property: "dummyTsMap",
  doc: "For tests: a map without keys whose value all clocks show.",
  apply: (config, value) => ({ ok: true, value: { ...config, dummyTsMap: text(value) } }),
};

export const configDefinitions: readonly ConfigDef[] = [
  choiceKey(
    "cache_user_symbols",
    "cacheUserSymbols",
    "How long user symbols are kept: for a process, for all processes of a program, or not at all.",
    new Map([...same("PER_PID", "PER_PROGRAM", "NONE"), ["1", "auto"], ["0", "NONE"]]),
  ),
  boolKey("cpp_demangle", "cppDemangle", "Show C++ names in symbols."),
  dummyClock,
  boolKey("lazy_symbolication", "lazySymbolication", "Read user symbols only when they are needed."),
  choiceKey("license", "license", "Licence of the BPF programs.", licenses),
  numberKey("log_size", "logSize", "Bytes of the verifier's log.", 1 << 28),
  numberKey("max_bpf_progs", "maxBpfProgs", "Programs at most.", 1_000_000),
  numberKey("max_cat_bytes", "maxCatBytes", "Bytes that cat() shows.", 1 << 30),
  numberKey("max_map_keys", "maxMapKeys", "Elements of a map.", 1 << 30, 1),
  numberKey("max_probes", "maxProbes", "Probes at most.", 1_000_000),
  numberKey("max_strlen", "maxStrlen", "Bytes of a string that str() reads.", 1 << 24, 1),
  choiceKey("missing_probes", "missingProbes", "What to do about probes that are not there.", same("auto", "error", "warn", "ignore")),
  numberKey("on_stack_limit", "onStackLimit", "Larger values are kept in maps, not on the BPF stack.", 512),
  numberKey("perf_rb_pages", "perfRbPages", "Pages of the event buffer.", 1 << 20),
  boolKey("print_maps_on_exit", "printMapsOnExit", "Print maps at the end."),
  boolKey("show_debug_info", "showDebugInfo", "Show source lines and inlined functions in user stacks."),
  choiceKey("stack_mode", "stackMode", "Layout of stacks.", same("bpftrace", "perf", "raw", "build_id")),
  trailer,
  boolKey("use_blazesym", "useBlazesym", "Has no effect: symbols are read by our own code."),
  unstableKey("unstable_tseries", "unstableTseries", "Allow tseries()."),
  unstableKey("unstable_dw_ustack", "unstableDwUstack", "Allow dw_ustack()."),
  unstableKey("unstable_typeinfo", "unstableTypeinfo", "Allow typeinfo()."),
  unstableKey("unstable_import_statement", "unstableImportStatement", "Allow import statements."),
];
