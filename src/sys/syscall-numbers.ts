// Numbers of the system calls that are made directly (arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h).

const x64 = {
  read: 0,
  write: 1,
  close: 3,
  mmap: 9,
  munmap: 11,
  ioctl: 16,
  socket: 41,
  sendto: 44,
  ptrace: 101,
  prctl: 157,
  waitid: 247,
  clockGettime: 228,
  perfEventOpen: 298,
  prlimit: 302,
  bpf: 321,
  nameToHandleAt: 303,
  memfdCreate: 319,
  pidfdOpen: 434,
} as const;

const arm64 = {
  read: 63,
  write: 64,
  close: 57,
  mmap: 222,
  munmap: 215,
  ioctl: 29,
  socket: 198,
  sendto: 206,
  ptrace: 117,
  prctl: 167,
  waitid: 95,
  clockGettime: 113,
  perfEventOpen: 241,
  prlimit: 261,
  bpf: 280,
  nameToHandleAt: 264,
  memfdCreate: 279,
  pidfdOpen: 434,
} as const;

export const syscallNumbers: Readonly<Record<keyof typeof x64, number>> = process.arch === "arm64" ? arm64 : x64;
