// Noticing that a process has ended that is no child of ours (pidfd_open(2), Linux 5.3).

import { native } from "./ffi.ts";
import { closeFd } from "./memory.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

/** Calls back once when the process has ended, or at once when there is none. */
export function onProcessEnd(pid: number, ended: () => void): { stop(): void } {
  const fd = native().syscall(syscallNumbers.pidfdOpen, pid, 0);
  if (fd < 0) {
    ended();
    return { stop: () => undefined };
  }
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
