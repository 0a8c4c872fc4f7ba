// Noticing that a process has ended that is no child of ours (pidfd_open(2), Linux 5.3; threads by asking, before 6.9).

import { native } from "./ffi.ts";
import { closeFd } from "./memory.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

const askEveryMs = 100;

/** Calls back once when the process has ended. */
export function onProcessEnd(pid: number, ended: () => void): { stop(): void } {
  const fd = native().syscall(syscallNumbers.pidfdOpen, pid, 0);
  if (fd < 0) return askRepeatedly(pid, ended);
  const poll = native().poll(fd, "readable", () => {
    poll.stop();
    ended();
  });
  return {
    stop: () => {
      poll.stop();
      closeFd(fd);
    },
  };
}

function askRepeatedly(pid: number, ended: () => void): { stop(): void } {
  const timer = setInterval(() => {
    if (exists(pid)) return;
    clearInterval(timer);
    ended();
  }, askEveryMs);
  return { stop: () => clearInterval(timer) };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (problem) {
    // Not being allowed to signal it (EPERM) says that it is there.
    return !(problem instanceof Error && "code" in problem && problem.code === "ESRCH");
  }
}
