// The effective configuration: defaults, then the script's config block, then the environment.

import type { Config, ConfigDef } from "../define/config.ts";
import type { Registry } from "../define/registry.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { ConfigBlock, ConfigEntry } from "../syntax/ast.ts";
import { nearestName } from "../base/nearest-name.ts";

/** Old names that still set something. */
const renamed: ReadonlyMap<string, string> = new Map([
  ["strlen", "max_strlen"],
  ["no_cpp_demangle", "cpp_demangle"],
  ["cat_bytes_max", "max_cat_bytes"],
  ["map_keys_max", "max_map_keys"],
]);

const withoutEffect = [
  "symbol_source",
  "max_type_res_iterations",
  "unstable_addr",
  "unstable_import",
  "unstable_macro",
  "unstable_map_decl",
];

const environmentOnly = ["btf", "kernel_build", "kernel_source", "vmlinux"];

export interface Settings {
  readonly config: Config;
  /** Problems of the environment: `KEY: reason`. They end the run with status 2. */
  readonly environmentProblem: string | undefined;
}

export function applySettings(
  registry: Registry,
  defaults: Config,
  block: ConfigBlock | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  diagnostics: Diagnostics,
): Settings {
  let config = defaults;
  for (const entry of block?.entries ?? []) config = applyEntry(registry, config, entry, diagnostics);
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !variable.startsWith("BPFTRACE_")) continue;
    const applied = applyVariable(registry, config, variable, text, diagnostics);
    if (typeof applied === "string") return { config, environmentProblem: applied };
    config = applied;
  }
  return { config, environmentProblem: undefined };
}

function applyEntry(registry: Registry, config: Config, entry: ConfigEntry, diagnostics: Diagnostics): Config {
  const lower = entry.key.toLowerCase();
  const written = lower.startsWith("bpftrace_") ? lower.slice("bpftrace_".length) : lower;
  if (environmentOnly.includes(written)) {
    const message = `${entry.key} can only be set as an environment variable`;
    diagnostics.error("config", entry.span, message);
    return config;
  }
  if (withoutEffect.includes(written)) {
    diagnostics.warn("config", entry.span, `${entry.key} is deprecated and has no effect`);
    return config;
  }
  const current = renamed.get(written);
  if (current !== undefined) {
    diagnostics.warn("config", entry.span, `${written} has been renamed, please use ${current}`);
  }
  const definition = registry.config.get(current ?? written);
  if (definition === undefined) {
    const near = nearestName(written, registry.config.keys());
    diagnostics.error("config", entry.span, `${entry.key}: not a known configuration option`, {
      hint: near === undefined ? undefined : `did you mean '${near}'?`,
    });
    return config;
  }
  const inverted = written === "no_cpp_demangle" && entry.value.kind === "bool";
  const value = inverted && entry.value.kind === "bool" ? { ...entry.value, value: !entry.value.value } : entry.value;
  const result = definition.apply(config, value);
  if (result.ok) return result.value;
  diagnostics.error("config", entry.span, `Invalid value for ${definition.key}: ${result.reason}`);
  return config;
}

function applyVariable(
  registry: Registry,
  config: Config,
  variable: string,
  text: string,
  diagnostics: Diagnostics,
): Config | string {
  const written = variable.slice("BPFTRACE_".length).toLowerCase();
  if (written === "no_user_symbols") {
    return text === "0" ? config : { ...config, cacheUserSymbols: "NONE" };
  }
  const current = renamed.get(written);
  if (current !== undefined) {
    if (registry.config.get(current) !== undefined && variable === "BPFTRACE_NO_CPP_DEMANGLE") {
      return { ...config, cppDemangle: text === "0" || text === "" };
    }
    diagnostics.warn("config", undefined, `${variable} has been renamed, please use BPFTRACE_${current.toUpperCase()}`);
  }
  const definition: ConfigDef | undefined = registry.config.get(current ?? written);
  if (definition === undefined) return config;
  const result = definition.apply(config, { kind: "string", value: text });
  return result.ok ? result.value : `${definition.key}: ${result.reason}`;
}
