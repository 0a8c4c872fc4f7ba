// Names of signals that can be sent, with their numbers (include/uapi/asm-generic/signal.h; the same on x86-64 and arm64).

/** Without `SIG`. */
export const signalNumbers: ReadonlyMap<string, number> = new Map([
  ["HUP", 1],
  ["INT", 2],
  ["QUIT", 3],
  ["ILL", 4],
  ["TRAP", 5],
  ["ABRT", 6],
  ["BUS", 7],
  ["FPE", 8],
  ["KILL", 9],
  ["USR1", 10],
  ["SEGV", 11],
  ["USR2", 12],
  ["PIPE", 13],
  ["ALRM", 14],
  ["TERM", 15],
  ["CHLD", 17],
  ["CONT", 18],
  ["STOP", 19],
  ["TSTP", 20],
  ["TTIN", 21],
  ["TTOU", 22],
  ["URG", 23],
  ["XCPU", 24],
  ["XFSZ", 25],
  ["VTALRM", 26],
  ["PROF", 27],
  ["WINCH", 28],
  ["POLL", 29],
  ["PWR", 30],
  ["SYS", 31],
]);

export const lastSignal = 64;

/** Number of a signal by its name in any case, with or without `SIG`. */
export function signalNumber(name: string): number | undefined {
  const upper = name.toUpperCase();
  return signalNumbers.get(upper) ?? (upper.startsWith("SIG") ? signalNumbers.get(upper.slice(3)) : undefined);
}
