// Starts the command. What V8 made of its code in an earlier run is kept in a file beside it, which saves compiling it again: a third of the
// time that a short run takes. The file is only ever written where the code itself could be changed as well.

import { accessSync, constants, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

/** A hash of the command's code, put in by the build: V8 itself compares no more than lengths. */
declare const buildId: string;

const folder = dirname(fileURLToPath(import.meta.url));
const command = join(folder, "command.cjs");
const cache = join(folder, `command-${buildId}-${process.version}-${process.arch}.cache`);
const isOff = process.env["NODE_DISABLE_COMPILE_CACHE"] !== undefined;

type Wrapper = (exports: object, require: NodeJS.Require, module: object, filename: string, dirname: string) => void;

function isWrapper(value: unknown): value is Wrapper {
  return typeof value === "function";
}

function readCache(): Buffer | undefined {
  try {
    return isOff ? undefined : readFileSync(cache);
  } catch {
    // There is none yet.
    return undefined;
  }
}

/** Keeps the code compiled in this run; functions that it did not use are not in it. */
function writeCache(script: Script): void {
  try {
    accessSync(folder, constants.W_OK);
    const unfinished = `${cache}.${process.pid}`;
    writeFileSync(unfinished, script.createCachedData());
    renameSync(unfinished, cache);
  } catch {
    // A read-only or full file system: the next run compiles again.
  }
}

/** Whether this run used most of the code, and without flags of V8 that make its compiled code useless to others. */
function isTypical(): boolean {
  const words = process.argv.slice(2);
  const ranScript = words.some((word) => word === "-e" || word.endsWith(".bt")) && !words.includes("-l");
  const plain = process.execArgv.length === 0 && process.env["NODE_OPTIONS"] === undefined;
  return ranScript && plain && process.exitCode === 0;
}

const cachedData = readCache();
const script = new Script(readFileSync(command, "latin1"), { filename: command, ...(cachedData === undefined ? {} : { cachedData }) });
if (!isOff && (cachedData === undefined || script.cachedDataRejected === true)) {
  process.once("exit", () => {
    if (isTypical()) writeCache(script);
  });
}
const run: unknown = script.runInThisContext();
if (isWrapper(run)) {
  const module = { exports: {} };
  run(module.exports, createRequire(command), module, command, folder);
}
