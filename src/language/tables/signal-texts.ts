// Texts of signals as strsignal(3) gives them on Linux; the real-time ones are made by rule.

const named: readonly string[] = [
  "Unknown signal 0",
  "Hangup",
  "Interrupt",
  "Quit",
  "Illegal instruction",
  "Trace/breakpoint trap",
  "Aborted",
  "Bus error",
  "Floating point exception",
  "Killed",
  "User defined signal 1",
  "Segmentation fault",
  "User defined signal 2",
  "Broken pipe",
  "Alarm clock",
  "Terminated",
  "Stack fault",
  "Child exited",
  "Continued",
  "Stopped (signal)",
  "Stopped",
  "Stopped (tty input)",
  "Stopped (tty output)",
  "Urgent I/O condition",
  "CPU time limit exceeded",
  "File size limit exceeded",
  "Virtual timer expired",
  "Profiling timer expired",
  "Window changed",
  "I/O possible",
  "Power failure",
  "Bad system call",
  "Unknown signal 32",
  "Unknown signal 33",
];

/** SIGRTMIN as glibc counts, and SIGRTMAX. */
const realTime = { first: 34, last: 64 } as const;

/** By signal number, 0 to 64. */
export const signalTexts: readonly string[] = [
  ...named,
  ...Array.from({ length: realTime.last - realTime.first + 1 }, (_, i) => `Real-time signal ${i}`),
];
