// Signals of a run: the first asks for the end, a later one ends at once; a broken pipe ends as it does elsewhere.

/** Signals that come so soon after the first one mean the same: timeout(1) sends two. */
const sameMeaningMs = 500;

const stopSignals = ["SIGINT", "SIGTERM"] as const;

/** Runs something that is told of the first signal; later signals have their ordinary effect. */
export async function untilSignalled(run: (stop: Promise<void>) => Promise<number>): Promise<number> {
  let forget: () => void = () => undefined;
  const signalled = new Promise<void>((resolve) => {
    const stop = () => {
      resolve();
      setTimeout(forget, sameMeaningMs).unref();
    };
    for (const signal of stopSignals) process.on(signal, stop);
    forget = () => {
      for (const signal of stopSignals) process.off(signal, stop);
    };
  });
  try {
    return await run(signalled);
  } finally {
    forget();
  }
}

/** Ends the process as writing to a pipe without readers does by default; Node ignores that signal at first. */
export function dieOfBrokenPipe(): void {
  const nothing = () => undefined;
  process.on("SIGPIPE", nothing);
  process.off("SIGPIPE", nothing);
  process.kill(process.pid, "SIGPIPE");
}
