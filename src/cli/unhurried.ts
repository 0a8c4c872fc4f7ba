// How eagerly V8 optimises while a long script is compiled. Each stage of the compiler runs for some tens of milliseconds only, so most of
// what V8's optimising compiler makes of it comes too late: without it, 3,000 lines take a third less time.

import { setFlagsFromString } from "node:v8";

interface Flag {
  readonly name: string;
  readonly usual: number;
  readonly patient: number;
}

/** By V8's major version. An unknown flag would be complained about on stderr, so other versions are left alone. */
const flags: ReadonlyMap<string, Flag> = new Map([
  ["11", { name: "interrupt-budget", usual: 67584, patient: 800_000 }],
  ["12", { name: "invocation-count-for-turbofan", usual: 3000, patient: 30_000 }],
]);

/** Bytes of a script that is worth the trouble. */
const longScript = 8000;

/** Compiles a script of so many bytes; afterwards V8 is as it was: what reads events runs for long. */
export function unhurried<T>(bytes: number, compile: () => T): T {
  const flag = flags.get(process.versions.v8.split(".")[0] ?? "");
  if (flag === undefined || bytes < longScript) return compile();
  setFlagsFromString(`--${flag.name}=${flag.patient}`);
  try {
    return compile();
  } finally {
    // The usual value exactly: V8 takes its kept code (launcher.ts) with the flags of the time when it was made only.
    setFlagsFromString(`--${flag.name}=${flag.usual}`);
  }
}
