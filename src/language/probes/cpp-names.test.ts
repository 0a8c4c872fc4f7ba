// Which C++ functions a pattern means, and names without quotes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { wildcardPattern } from "../../define/points.ts";
import type { CppFunction } from "./cpp-names.ts";
import { joinCppName, matchesCpp } from "./cpp-names.ts";

const feed = { full: () => "zoo::Cat::feed(int) const", name: "zoo::Cat::feed" };
const call = { full: () => "zoo::Cat::operator()(int)", name: "zoo::Cat::operator()" };
const pet = { full: () => "std::Elf<int> f<int>(Elf, f<int>)", name: "f<int>" };
const getter = { full: () => "int (*zoo::get<int>(int))(char)", name: "zoo::get<int>" };
const hidden = { full: () => "zoo::(anonymous namespace)::f(int)", name: "zoo::(anonymous namespace)::f" };
const plain = { full: () => "main", name: undefined };

const rows: readonly (readonly [pattern: string, function: CppFunction, matches: boolean])[] = [
  ["zoo::Cat::feed", feed, true],
  ["zoo::Cat::feed(int) const", feed, true],
  ["zoo::Cat::feed(int)", feed, false],
  ["zoo::Cat::feed(int)*", feed, true],
  ["zoo::Cat::feed(char)", feed, false],
  ["zoo::Cat", feed, false],
  ["zoo::*", feed, true],
  ["feed", feed, false],
  ["zoo::Cat::operator()", call, true],
  ["zoo::Cat::operator()(int)", call, true],
  ["zoo::Cat::operator()(char)", call, false],
  ["f<int>", pet, true],
  ["std::Elf<int> f<int>", pet, true],
  ["f<int>(Elf, f<int>)", pet, true],
  ["std::Elf<int> f<int>(Elf, f<int>)", pet, true],
  ["zoo::get<int>", getter, true],
  ["zoo::(anonymous namespace)::f", hidden, true],
  ["zoo::(anonymous namespace)::f(int)", hidden, true],
  ["main", plain, true],
  ["mai", plain, false],
];

for (const [pattern, known, matches] of rows) {
  test(`${pattern} ${matches ? "means" : "does not mean"} ${known.full()}`, () => {
    assert.equal(matchesCpp(pattern, wildcardPattern(pattern), known), matches);
  });
}

const splits: readonly (readonly [written: string, targetGiven: boolean, joined: readonly string[]])[] = [
  ["./over:cpp:zoo::Cat::feed", true, ["./over", "cpp", "zoo::Cat::feed"]],
  ["./over:cpp:main", true, ["./over", "cpp", "main"]],
  ["./over:main", true, ["./over", "main"]],
  ["./over:pascal:a::b", true, ["./over", "pascal", "a", "", "b"]],
  ["cpp:zoo::f", false, ["cpp", "zoo::f"]],
  ["./over:cpp:zoo::f", false, ["./over", "cpp", "zoo::f"]],
  ["cpp:f", true, ["cpp", "f"]],
];

for (const [written, targetGiven, joined] of splits) {
  test(`${written} has the parts ${joined.join(" | ")}`, () => {
    assert.deepEqual(joinCppName(written.split(":"), { targetGiven }), joined);
  });
}
