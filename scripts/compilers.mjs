// Makes sure that the compilers of the conformance tests' fixtures are there: on Debian, root can install them.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const isThere = (tool) => spawnSync(tool, ["--version"], { stdio: "ignore" }).status === 0;

/** Tries to install what is missing; without success the rows that need it are skipped. */
export function provideCompilers() {
  const missing = ["gcc", "g++"].filter((tool) => !isThere(tool));
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) return;
  process.stdout.write(`== installing ${missing.join(" and ")}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = () => spawnSync("apt-get", ["install", "-y", "--no-install-recommends", ...missing, "libc6-dev"], { env, stdio: "ignore" });
  if (install().status === 0) return;
  spawnSync("apt-get", ["update"], { env, stdio: "ignore" });
  if (install().status !== 0) process.stdout.write("   that failed: tests that need them are skipped\n");
}
