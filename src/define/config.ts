// Configuration: the values a program runs with. Each key is defined once in language/config/.

export interface Config {
  readonly cacheUserSymbols: "PER_PID" | "PER_PROGRAM" | "NONE" | "auto";
  readonly cppDemangle: boolean;
  readonly lazySymbolication: boolean;
  /** A scalar map that stands for all clocks; "": the clocks themselves. */
  readonly dummyTsMap: string;
  readonly license: string;
  readonly logSize: number;
  readonly maxBpfProgs: number;
  readonly maxCatBytes: number;
  readonly maxMapKeys: number;
  readonly maxProbes: number;
  readonly maxStrlen: number;
  /** `auto`: an error, but of several attach points of one type a probe needs only one. */
  readonly missingProbes: "auto" | "error" | "warn" | "ignore";
  readonly onStackLimit: number;
  readonly perfRbPages: number;
  readonly printMapsOnExit: boolean;
  readonly showDebugInfo: boolean;
  readonly stackMode: "bpftrace" | "perf" | "raw" | "build_id";
  readonly strTruncTrailer: string;
  readonly useBlazesym: boolean;
  readonly unstableTseries: UnstableSetting;
  readonly unstableDwUstack: UnstableSetting;
  readonly unstableTypeinfo: UnstableSetting;
  readonly unstableImportStatement: UnstableSetting;
}

export type UnstableSetting = "enable" | "warn" | "error";

/** A value as the config block or the environment gives it. */
export type ConfigValue =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "word"; readonly value: string };

export type ConfigResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** One key: its name in scripts, what it sets and how a value is read. */
export interface ConfigDef {
  readonly key: string;
  readonly property: keyof Config;
  readonly doc: string;
  /** Sets the property in a copy; the reason of a refusal goes to the user. */
  apply(config: Config, value: ConfigValue): ConfigResult<Config>;
}
