// --mode compiler-bench: how long the compiler takes for a script.

import { performance } from "node:perf_hooks";

/** The first runs warm up the machine that runs the compiler. */
const rounds = 20;

/** Compiles again and again; a line with the times. */
export function measureCompiler(compile: () => void): string {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    compile();
    return performance.now() - start;
  });
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted[Math.floor(rounds / 2)] ?? 0;
  return `Compiled ${rounds} times: first ${(times[0] ?? 0).toFixed(2)} ms, median ${middle.toFixed(2)} ms, best ${(sorted[0] ?? 0).toFixed(2)} ms\n`;
}
