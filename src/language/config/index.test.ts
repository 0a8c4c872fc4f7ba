// Values of configuration keys: what each form of key accepts and refuses.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config, ConfigValue } from "../../define/config.ts";
import { configDefinitions, defaultConfig } from "./index.ts";

function apply(key: string, value: string | bigint | boolean): Config | string {
  const definition = configDefinitions.find((d) => d.key === key);
  if (definition === undefined) return "no such key";
  const given: ConfigValue =
    typeof value === "string"
      ? { kind: "word", value }
      : typeof value === "bigint"
        ? { kind: "int", value }
        : { kind: "bool", value };
  const result = definition.apply(defaultConfig, given);
  return result.ok ? result.value : result.reason;
}

const accepted: readonly (readonly [string, string | bigint | boolean, keyof Config, unknown])[] = [
  ["max_strlen", 64n, "maxStrlen", 64],
  ["max_strlen", "0x40", "maxStrlen", 64],
  ["max_strlen", "1_000", "maxStrlen", 1000],
  ["cpp_demangle", "OFF", "cppDemangle", false],
  ["cpp_demangle", "Yes", "cppDemangle", true],
  ["cpp_demangle", 7n, "cppDemangle", true],
  ["cpp_demangle", 0n, "cppDemangle", false],
  ["print_maps_on_exit", false, "printMapsOnExit", false],
  ["unstable_typeinfo", "Enable", "unstableTypeinfo", "enable"],
  ["unstable_typeinfo", "warn", "unstableTypeinfo", "warn"],
  ["unstable_typeinfo", true, "unstableTypeinfo", "enable"],
  ["unstable_typeinfo", 0n, "unstableTypeinfo", "error"],
  ["stack_mode", "raw", "stackMode", "raw"],
  ["cache_user_symbols", 1n, "cacheUserSymbols", "auto"],
  ["license", "Dual MIT/GPL", "license", "Dual MIT/GPL"],
  ["str_trunc_trailer", "", "strTruncTrailer", ""],
];

for (const [key, value, property, expected] of accepted) {
  test(`${key} takes ${typeof value} ${value}`, () => {
    const config = apply(key, value);
    assert.ok(typeof config !== "string", String(config));
    assert.equal(config[property], expected);
  });
}

const refused: readonly (readonly [string, string | bigint | boolean, RegExp])[] = [
  ["max_strlen", "many", /expecting a number, got many/],
  ["max_strlen", true, /expecting a number, got true/],
  ["max_strlen", "-5", /expecting a number, got -5/],
  ["max_strlen", 0n, /out of range/],
  ["log_size", 99_999_999_999_999n, /out of range/],
  ["cpp_demangle", "maybe", /true and false/],
  ["unstable_typeinfo", "maybe", /enable, warn and error/],
  ["license", "MIT", /Dual BSD\/GPL/],
  ["stack_mode", "PERF", /bpftrace, perf, raw, build_id/],
];

for (const [key, value, reason] of refused) {
  test(`${key} refuses ${typeof value} ${value}`, () => {
    const result = apply(key, value);
    assert.ok(typeof result === "string");
    assert.match(result, reason);
  });
}
