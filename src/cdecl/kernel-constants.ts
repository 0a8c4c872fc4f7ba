// Constants of kernel headers that scripts use and that the kernel's type information lacks. Distributions seldom
// install these headers, and scripts include them for little else. Values: include/linux/socket.h of Linux, a fixed ABI.

/** Address families, each with its protocol family of the same number. */
const families: readonly (readonly [name: string, number: number])[] = [
  ["UNSPEC", 0],
  ["UNIX", 1],
  ["LOCAL", 1],
  ["INET", 2],
  ["AX25", 3],
  ["IPX", 4],
  ["APPLETALK", 5],
  ["BRIDGE", 7],
  ["X25", 9],
  ["INET6", 10],
  ["KEY", 15],
  ["NETLINK", 16],
  ["PACKET", 17],
  ["LLC", 26],
  ["CAN", 29],
  ["TIPC", 30],
  ["BLUETOOTH", 31],
  ["ALG", 38],
  ["NFC", 39],
  ["VSOCK", 40],
  ["KCM", 41],
  ["QIPCRTR", 42],
  ["SMC", 43],
  ["XDP", 44],
  ["MCTP", 45],
];

function socketFamilies(): string {
  const define = (name: string, value: number) => `#ifndef ${name}\n#define ${name} ${value}\n#endif\n`;
  return families.map(([name, value]) => define(`AF_${name}`, value) + define(`PF_${name}`, value)).join("");
}

const headers: ReadonlyMap<string, () => string> = new Map([["net/sock.h", socketFamilies]]);

/** What stands in for a kernel header that is not installed; undefined when nothing needs to. */
export function kernelConstants(header: string): string | undefined {
  return headers.get(header)?.();
}
