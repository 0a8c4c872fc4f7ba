// Runs one command and measures it from outside: wall time, processor time, peak memory, what it wrote.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const koffi = createRequire(import.meta.url)("koffi");
const libc = koffi.load("libc.so.6");
const getrusage = libc.func("getrusage", "int", ["int", "void *"]);
const ofChildren = -1;

/** Seconds that all children so far have spent on processors (struct rusage: user and system time, each seconds and microseconds). */
function childSeconds() {
  const usage = Buffer.alloc(144);
  getrusage(ofChildren, usage);
  const time = (at) => Number(usage.readBigInt64LE(at)) + Number(usage.readBigInt64LE(at + 8)) / 1e6;
  return time(0) + time(16);
}

/** Peak resident memory in MiB so far; undefined when the process is gone. */
function peakOf(pid) {
  try {
    const kib = /^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    // It ended between two looks.
    return undefined;
  }
}

/**
 * Runs `words`; only one command may run at a time. Options: environment (added), output (file for stdout), input (text for stdin),
 * timeout (seconds), watch (look for peak memory every 2 ms, which costs a little time).
 */
export async function run(words, options = {}) {
  const { environment = {}, output = "/dev/null", input, timeout = 120, watch = false } = options;
  const fd = openSync(output, "w");
  const cpuBefore = childSeconds();
  const start = process.hrtime.bigint();
  const child = spawn(words[0], words.slice(1), {
    env: { ...process.env, ...environment },
    stdio: [input === undefined ? "ignore" : "pipe", fd, "pipe"],
  });
  child.stdin?.end(input);
  let stderr = "";
  child.stderr.setEncoding("latin1").on("data", (text) => {
    stderr += text;
  });
  let peak;
  const looks = watch ? setInterval(() => (peak = peakOf(child.pid) ?? peak), 2) : undefined;
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeout * 1000);
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  clearInterval(looks);
  clearTimeout(limit);
  closeSync(fd);
  return { wall, cpu: childSeconds() - cpuBefore, peak, status: late ? `more than ${timeout} s` : status, stderr };
}

/**
 * Runs several commands in turn, A B C A B C …, so that all meet the same weather: one round that does not count (unless `warm` is false), then `rounds`. Gives the
 * list of results of each, shorter where a command failed: then it is not run again and the last result says why.
 */
export async function inTurn(commands, rounds, { warm = true } = {}) {
  const results = commands.map(() => []);
  const failed = new Set();
  for (let round = warm ? -1 : 0; round < rounds; round += 1) {
    for (const [index, command] of commands.entries()) {
      if (failed.has(index)) continue;
      const result = await command();
      if (result.status !== 0) {
        failed.add(index);
        results[index] = [result];
      } else if (round >= 0) results[index].push(result);
    }
  }
  return results;
}
