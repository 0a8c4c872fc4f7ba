// What the words of the command line mean that need more than a look: the process of -p, parameters of the script.

import { existsSync } from "node:fs";
import { toByteString } from "../base/byte-string.ts";
import { parseInteger } from "../syntax/parse-integer.ts";

/** The greatest process id that a kernel gives (PID_MAX_LIMIT). */
const maximumPid = 0x400000n;

/** The process that an option names; a text says what is wrong with it. */
export function readPid(option: string, text: string): number | string {
  const number = parseInteger(text);
  if (!("value" in number)) return `${option}: not a process id: ${text}`;
  if (number.value > maximumPid || number.value < 1n) return `${option}: no process id is as ${number.value === 0n ? "small" : "large"} as ${text}`;
  const pid = Number(number.value);
  return existsSync(`/proc/${pid}`) ? pid : `${option}: there is no process ${text}`;
}

export interface Parameters {
  readonly positional: readonly string[];
  readonly named: ReadonlyMap<string, string | undefined>;
}

/** Words after the script: positional parameters, and `--name=value` options. */
export function splitParameters(words: readonly string[]): Parameters {
  const positional: string[] = [];
  const named = new Map<string, string | undefined>();
  for (const word of words) {
    if (!word.startsWith("--")) positional.push(toByteString(word));
    else {
      const equals = word.indexOf("=");
      if (equals < 0) named.set(word.slice(2), undefined);
      else named.set(word.slice(2, equals), toByteString(word.slice(equals + 1)));
    }
  }
  return { positional, named };
}
