// Telling systemd how far a service is (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET names.

import { closeFd } from "./memory.ts";
import { native } from "./ffi.ts";
import { SystemError } from "./system-error.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

const unixFamily = 1;
/** SOCK_DGRAM | SOCK_CLOEXEC. */
const datagram = 2 | 0o2000000;
/** MSG_NOSIGNAL: no SIGPIPE. */
const withoutSignal = 0x4000;

/** struct sockaddr_un: u16 family, path; a path that begins with `@` is an abstract one, which begins with NUL. */
function socketAddress(path: string): Uint8Array {
  const name = Buffer.from(path, "latin1");
  if (path.startsWith("@")) name[0] = 0;
  return Buffer.concat([Buffer.from([unixFamily, 0]), name]);
}

/** Sends a state. Throws SystemError when it can't be sent. */
export function notifyServiceManager(socketPath: string, state: string): void {
  const { syscall, addressOf } = native();
  const fd = syscall(syscallNumbers.socket, unixFamily, datagram, 0);
  if (fd < 0) throw new SystemError("open a socket for", socketPath, -fd);
  try {
    const text = Buffer.from(state, "latin1");
    const address = socketAddress(socketPath);
    const sent = syscall(syscallNumbers.sendto, fd, addressOf(text), text.length, withoutSignal, addressOf(address), address.length);
    if (sent < 0) throw new SystemError("notify", socketPath, -sent);
  } finally {
    closeFd(fd);
  }
}
