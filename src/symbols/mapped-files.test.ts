import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { executablePath, mappedFiles } from "./mapped-files.ts";

test("a program whose file was deleted is reached through its process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-files-"));
  const program = join(folder, "sleeper");
  copyFileSync("/bin/sleep", program);
  const child = spawn(program, ["60"], { stdio: "ignore" });
  try {
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    while (readlinkSync(`/proc/${pid}/exe`) !== program) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(executablePath(pid), `/proc/${pid}/root${program}`);
    rmSync(folder, { recursive: true });
    assert.equal(executablePath(pid), `/proc/${pid}/exe`);
    assert.ok(mappedFiles(pid).includes(`/proc/${pid}/exe`));
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});
