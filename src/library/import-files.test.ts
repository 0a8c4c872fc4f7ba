// Imported files as they are on disk.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { importFiles } from "./import-files.ts";

const folder = mkdtempSync(join(tmpdir(), "imports-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const script = join(folder, "a.bt");
writeFileSync(script, Buffer.from([0x41, 0xff]));
chmodSync(script, 0o644);

test("a file, as bytes", () => {
  const found = importFiles.find(script);
  assert.ok(found.kind === "file");
  assert.equal(found.writableByAll, false);
  assert.deepEqual(found.read(), { ok: true, text: "A\u00ff" });
});

test("links and detours are the same file", () => {
  symlinkSync(script, join(folder, "link.bt"));
  const found = [script, join(folder, "link.bt"), `${folder}/../${folder.split("/").at(-1)}/a.bt`].map((path) => importFiles.find(path));
  assert.equal(new Set(found.map((f) => (f.kind === "file" ? f.identity : f.kind))).size, 1);
});

test("who may write", () => {
  const open = join(folder, "open.bt");
  writeFileSync(open, "");
  chmodSync(open, 0o646);
  const found = importFiles.find(open);
  assert.ok(found.kind === "file" && found.writableByAll);
  const wide = join(folder, "wide");
  mkdirSync(wide);
  chmodSync(wide, 0o777);
  const shared = importFiles.find(wide);
  assert.ok(shared.kind === "folder" && shared.writableByAll);
});

test("a folder lists its names in order", () => {
  const inside = join(folder, "inside");
  mkdirSync(inside);
  for (const name of ["b.bt", "a.bt", "C.bt"]) writeFileSync(join(inside, name), "");
  const found = importFiles.find(inside);
  assert.deepEqual(found.kind === "folder" && found.names, ["C.bt", "a.bt", "b.bt"]);
});

test("what is no file", () => {
  assert.equal(importFiles.find(join(folder, "missing.bt")).kind, "missing");
  assert.equal(importFiles.find("/dev/null").kind, "unusable");
  assert.equal(importFiles.find(`${script}/below.bt`).kind, "unusable");
});
