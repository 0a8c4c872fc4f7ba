// Notifications of systemd, received by a socket of the test's own (made with python3 where that is installed: Node has no such sockets).

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { notifyServiceManager } from "./service-manager.ts";

const receiver = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0", 1) if sys.argv[1].startswith("@") else sys.argv[1])
print("bound", flush=True)
print(s.recv(200).decode(), flush=True)
`;

const python = spawnSync("python3", ["--version"], { stdio: "ignore" }).status === 0;
const folder = mkdtempSync(join(tmpdir(), "notify-"));

for (const [name, path] of [["path", join(folder, "socket")], ["abstract", `@bpftrace-test-${process.pid}`]] as const) {
  test(`a state reaches a socket with an ${name} address`, python ? {} : { skip: "python3 is not installed" }, async () => {
    const child = spawn("python3", ["-c", receiver, path], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    const ended = new Promise<void>((resolve) => {
      child.on("close", () => resolve());
    });
    child.stdout.on("data", (piece: Buffer) => {
      const first = text === "";
      text += piece.toString();
      if (first) notifyServiceManager(path, "READY=1\nSTATUS=here");
    });
    await ended;
    assert.equal(text, "bound\nREADY=1\nSTATUS=here\n");
  });
}

test("a socket that is not there is an error that names it", () => {
  assert.throws(() => notifyServiceManager(join(folder, "absent"), "READY=1"), /absent/);
  rmSync(folder, { recursive: true, force: true });
});
