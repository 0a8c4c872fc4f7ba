// The formatter on every program of the conformance tables that has no syntax errors.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { parseTable } from "../conformance/table.ts";
import { checkPromises, parse } from "./promises.ts";

const folder = resolve("test/conformance/tables");

for (const file of readdirSync(folder).sort()) {
  test(`programs of ${file} keep their tree`, () => {
    const programs = parseTable(readFileSync(join(folder, file), "utf8")).map((row) => row.program);
    const parsed = programs.filter((program) => parse(program) !== undefined);
    assert.ok(parsed.length * 2 > programs.length, "most programs have no syntax errors");
    for (const program of parsed) checkPromises(program);
  });
}
