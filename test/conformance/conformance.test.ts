// Conformance: every row of the tables, compiled, loaded and run on this kernel.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { join, resolve } from "node:path";
import { after, describe, test } from "node:test";
import { buildFixtures, type FixtureFolder } from "./fixtures.ts";
import { kernelMatches } from "./kernel-condition.ts";
import { reasonAgainst } from "./needs.ts";
import { checkRow } from "./runner.ts";
import { describeRow, parseTable, type Row } from "./table.ts";

const folder = resolve("test/conformance/tables");
const onlyTables = process.env["CONFORMANCE_TABLES"]?.split(",");
const only = process.env["CONFORMANCE_ROWS"]?.split(",");

/** Why a row does not run; undefined when it does. */
function reasonToSkip(row: Row, fixtures: FixtureFolder): string | undefined {
  if (row.pending !== undefined) return `pending: ${row.pending}`;
  if (!kernelMatches(row.kernel, release())) return `for kernels ${row.kernel}`;
  const missing = row.needs === undefined ? undefined : reasonAgainst(row.needs);
  if (missing !== undefined) return missing;
  return row.fixtures.map((fixture) => fixtures.problem(fixture)).find((problem) => problem !== undefined);
}

const tables = readdirSync(folder).sort().filter((file) => onlyTables?.includes(file) ?? true).map((file) => ({
  file,
  rows: parseTable(readFileSync(join(folder, file), "utf8")).filter((row) => only?.includes(row.id) ?? true),
}));
const used = tables.flatMap(({ rows }) => rows).filter((row) => row.pending === undefined).flatMap((row) => row.fixtures);
const fixtures = buildFixtures(new Set(used));
after(() => fixtures.remove());

for (const { file, rows } of tables) {
  describe(file, { concurrency: 3 }, () => {
    for (const row of rows) {
      const reason = reasonToSkip(row, fixtures);
      test(describeRow(row), reason === undefined ? {} : { skip: reason }, async () => {
        assert.equal(await checkRow(row, fixtures.path), undefined);
      });
    }
  });
}
