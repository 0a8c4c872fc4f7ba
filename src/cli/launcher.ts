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

/** Whether the command says that it ran a script (this-run.ts). */
function ranScript(exports: object): boolean {
  if (!("thisRun" in exports)) return false;
  const { thisRun } = exports;
  return typeof thisRun === "object" && thisRun !== null && "script" in thisRun && thisRun.script === true;
}

/** Whether the code of this run serves others: flags of V8 would make it useless. */
function isTypical(exports: object): boolean {
  return process.execArgv.length === 0 && process.env["NODE_OPTIONS"] === undefined && ranScript(exports);
}

const cachedData = readCache();
const script = new Script(readFileSync(command, "latin1"), { filename: command, ...(cachedData === undefined ? {} : { cachedData }) });
const run: unknown = script.runInThisContext();
if (isWrapper(run)) {
  const module = { exports: {} };
  if (!isOff && (cachedData === undefined || script.cachedDataRejected === true)) {
    process.once("exit", () => {
      if (isTypical(module.exports)) writeCache(script);
    });
  }
  run(module.exports, createRequire(command), module, command, folder);
}
