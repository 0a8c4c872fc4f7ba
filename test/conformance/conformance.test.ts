// Conformance: every row of the tables, compiled, loaded and run on this kernel.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { checkRow } from "./runner.ts";
import { parseTable, type Row } from "./table.ts";

const folder = resolve("test/conformance/tables");
const only = process.env["CONFORMANCE_ROWS"]?.split(",");

function name(row: Row): string {
  return `${row.id} ${row.program.split("\n").join(" ").slice(0, 100)}`;
}

for (const file of readdirSync(folder).sort()) {
  const rows = parseTable(readFileSync(join(folder, file), "utf8")).filter((row) => only?.includes(row.id) ?? true);
  describe(file, { concurrency: 3 }, () => {
    for (const row of rows) {
      test(name(row), row.pending === undefined ? {} : { skip: `pending: ${row.pending}` }, async () => {
        assert.equal(await checkRow(row), undefined);
      });
    }
  });
}
