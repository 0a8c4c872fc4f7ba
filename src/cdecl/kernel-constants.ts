// Constants that kernel headers define as macros: type information does not have them, and the headers are seldom installed.
//
// Values from include/linux and include/uapi of Linux, the same since 4.19; those of x86-64 where architectures differ are left out.
// No name that the C library makes an enumerator (MSG_PEEK, SOCK_STREAM, IPPROTO_TCP …): those are types, and BTF has them.

import { type CSource, makeSource } from "./c-token.ts";

/** Folders of the kernel's own headers, below include/ and arch/x/include/, and of its source. */
const kernelFolders: ReadonlySet<string> = new Set(
  (
    "acpi arch asm asm-generic block clocksource crypto drivers drm dt-bindings fs generated include kernel keys kunit " +
    "kvm linux media mm misc net pcmcia ras rdma rv scsi security soc sound target trace uapi ufs vdso video xen"
  ).split(" "),
);

/** Headers of the C library that scripts include for constants of the kernel's interface only. */
const libraryHeaders: ReadonlySet<string> = new Set(
  "errno.h fcntl.h netinet/in.h sched.h signal.h sys/fcntl.h sys/socket.h sys/stat.h".split(" "),
);

/** Whether kernel BTF and the constants here can stand in for a header that is not installed. */
export function standsForHeader(name: string): boolean {
  const slash = name.indexOf("/");
  return libraryHeaders.has(name) || (slash > 0 && kernelFolders.has(name.slice(0, slash)));
}

/** linux/sched.h */
const tasks = `
TASK_RUNNING 0x00000000
TASK_INTERRUPTIBLE 0x00000001
TASK_UNINTERRUPTIBLE 0x00000002
__TASK_STOPPED 0x00000004
__TASK_TRACED 0x00000008
EXIT_DEAD 0x00000010
EXIT_ZOMBIE 0x00000020
EXIT_TRACE (EXIT_ZOMBIE | EXIT_DEAD)
TASK_PARKED 0x00000040
TASK_DEAD 0x00000080
TASK_WAKEKILL 0x00000100
TASK_WAKING 0x00000200
TASK_NOLOAD 0x00000400
TASK_NEW 0x00000800
TASK_KILLABLE (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
TASK_STOPPED (TASK_WAKEKILL | __TASK_STOPPED)
TASK_IDLE (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)
TASK_NORMAL (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)
TASK_COMM_LEN 16
PF_EXITING 0x00000004
PF_WQ_WORKER 0x00000020
PF_SUPERPRIV 0x00000100
PF_DUMPCORE 0x00000200
PF_SIGNALED 0x00000400
PF_KTHREAD 0x00200000
SCHED_NORMAL 0
SCHED_FIFO 1
SCHED_RR 2
SCHED_BATCH 3
SCHED_IDLE 5
SCHED_DEADLINE 6
MAX_RT_PRIO 100
MAX_PRIO 140
DEFAULT_PRIO 120
`;

/** linux/fs.h, asm-generic/fcntl.h, linux/stat.h, linux/limits.h, linux/kdev_t.h */
const files = `
MAY_EXEC 0x00000001
MAY_WRITE 0x00000002
MAY_READ 0x00000004
MAY_APPEND 0x00000008
MAY_ACCESS 0x00000010
MAY_OPEN 0x00000020
FMODE_READ 0x1
FMODE_WRITE 0x2
FMODE_LSEEK 0x4
FMODE_PREAD 0x8
FMODE_PWRITE 0x10
FMODE_EXEC 0x20
O_ACCMODE 00000003
O_RDONLY 00000000
O_WRONLY 00000001
O_RDWR 00000002
O_CREAT 00000100
O_EXCL 00000200
O_NOCTTY 00000400
O_TRUNC 00001000
O_APPEND 00002000
O_NONBLOCK 00004000
O_DSYNC 00010000
O_CLOEXEC 02000000
AT_FDCWD -100
S_IFMT 00170000
S_IFSOCK 0140000
S_IFLNK 0120000
S_IFREG 0100000
S_IFBLK 0060000
S_IFDIR 0040000
S_IFCHR 0020000
S_IFIFO 0010000
NAME_MAX 255
PATH_MAX 4096
MINORBITS 20
MINORMASK ((1U << MINORBITS) - 1)
SECTOR_SHIFT 9
SECTOR_SIZE (1 << SECTOR_SHIFT)
REQ_OP_BITS 8
REQ_OP_MASK ((1 << REQ_OP_BITS) - 1)
`;

/** linux/mm.h, linux/mman.h */
const memory = `
VM_READ 0x00000001
VM_WRITE 0x00000002
VM_EXEC 0x00000004
VM_SHARED 0x00000008
PROT_READ 0x1
PROT_WRITE 0x2
PROT_EXEC 0x4
MAP_SHARED 0x01
MAP_PRIVATE 0x02
MAP_FIXED 0x10
MAP_ANONYMOUS 0x20
`;

/** Address families, each with its protocol family of the same number. */
const families = (
  "UNSPEC 0,UNIX 1,LOCAL 1,INET 2,AX25 3,IPX 4,APPLETALK 5,BRIDGE 7,X25 9,INET6 10,KEY 15,NETLINK 16,PACKET 17,LLC 26,CAN 29," +
  "TIPC 30,BLUETOOTH 31,ALG 38,NFC 39,VSOCK 40,KCM 41,QIPCRTR 42,SMC 43,XDP 44,MCTP 45"
).split(",").map((family) => `AF_${family}\nPF_${family}`).join("\n");

/** linux/socket.h, linux/if_ether.h, linux/if.h, net/tcp.h */
const network = `
${families}
SOL_SOCKET 1
SOL_TCP 6
SOL_UDP 17
ETH_ALEN 6
ETH_HLEN 14
ETH_P_IP 0x0800
ETH_P_ARP 0x0806
ETH_P_8021Q 0x8100
ETH_P_IPV6 0x86DD
IFNAMSIZ 16
TCPHDR_FIN 0x01
TCPHDR_SYN 0x02
TCPHDR_RST 0x04
TCPHDR_PSH 0x08
TCPHDR_ACK 0x10
TCPHDR_URG 0x20
TCPHDR_ECE 0x40
TCPHDR_CWR 0x80
`;

/** asm-generic/errno-base.h, asm-generic/errno.h, asm-generic/signal.h */
const errorsAndSignals = `
${numbered("EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE")}
ENOSYS 38
ENOTCONN 107
ETIMEDOUT 110
ECONNREFUSED 111
EHOSTUNREACH 113
EINPROGRESS 115
ECONNRESET 104
EADDRINUSE 98
${numbered("SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM")}
SIGCHLD 17
SIGCONT 18
SIGSTOP 19
`;

/** Names with their place in the list, from 1. */
function numbered(names: string): string {
  return names.split(" ").map((name, i) => `${name} ${i + 1}`).join("\n");
}

/** The constants as a text of definitions; what a header has defined already stays. */
export function kernelConstants(): CSource {
  const lines = [tasks, files, memory, network, errorsAndSignals].join("\n").split("\n").filter((line) => line !== "");
  const guarded = lines.map((line) => `#ifndef ${line.slice(0, line.indexOf(" "))}\n#define ${line}\n#endif\n`);
  return makeSource("<kernel constants>", guarded.join(""), "constants", undefined);
}
