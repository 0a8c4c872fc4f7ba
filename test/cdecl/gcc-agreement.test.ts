// Our C front end against gcc: sizes, offsets and enumerators of system headers and of random structs.
// CDECL_HEADERS=all in the environment reads every header of linux/, asm/ and libc instead of a sample.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { type Agreement, compareTogether, compareWithGcc, gccIsInstalled } from "./gcc-agreement.ts";

const skip = process.arch !== "x64" ? "needs x86-64" : gccIsInstalled() ? false : "gcc is not installed";

const sample = (
  "linux/bpf.h linux/btf.h linux/tcp.h linux/perf_event.h linux/if_ether.h linux/input.h linux/kvm.h linux/fuse.h " +
  "linux/io_uring.h linux/nl80211.h linux/videodev2.h linux/ethtool.h linux/fs.h linux/cdrom.h linux/hdreg.h " +
  "linux/if_tun.h linux/netfilter/x_tables.h linux/sctp.h linux/ptrace.h asm/sigcontext.h asm/kvm.h asm/stat.h " +
  "stdio.h stdlib.h signal.h sys/socket.h netinet/in.h pthread.h sys/stat.h time.h elf.h ucontext.h sys/user.h"
).split(" ");

/** Folders of headers below /usr/include, with the prefix for #include. */
const folders: readonly (readonly [string, string])[] = [
  ["/usr/include/linux", "linux/"],
  ["/usr/include/x86_64-linux-gnu/asm", "asm/"],
  ["/usr/include/asm-generic", "asm-generic/"],
  ["/usr/include/x86_64-linux-gnu/sys", "sys/"],
  ["/usr/include/netinet", "netinet/"],
  ["/usr/include/net", "net/"],
  ["/usr/include/arpa", "arpa/"],
];

const libc = (
  "aio.h alloca.h argp.h assert.h byteswap.h complex.h cpio.h crypt.h ctype.h dirent.h dlfcn.h elf.h endian.h err.h " +
  "errno.h error.h fcntl.h features.h fenv.h fmtmsg.h fstab.h fts.h ftw.h getopt.h glob.h grp.h iconv.h ifaddrs.h " +
  "inttypes.h langinfo.h lastlog.h libgen.h limits.h link.h locale.h malloc.h math.h mcheck.h memory.h mntent.h " +
  "mqueue.h netdb.h nl_types.h obstack.h paths.h poll.h printf.h pthread.h pty.h pwd.h regex.h resolv.h sched.h " +
  "search.h semaphore.h setjmp.h sgtty.h shadow.h signal.h spawn.h stab.h stddef.h stdarg.h stdbool.h stdint.h stdio.h stdlib.h string.h " +
  "strings.h syscall.h sysexits.h syslog.h tar.h termios.h threads.h time.h uchar.h ucontext.h ulimit.h unistd.h " +
  "utime.h utmp.h utmpx.h values.h wait.h wchar.h wctype.h wordexp.h float.h"
).split(" ");

/** Some headers cannot be included alone. */
const prelude =
  "#define _GNU_SOURCE\n#include <stddef.h>\n#include <stdint.h>\n#include <sys/types.h>\n#include <sys/socket.h>\n" +
  "#include <netinet/in.h>\n#include <linux/types.h>\n#include <signal.h>\n#include <stdio.h>\n#include <linux/netfilter.h>\n";

function allHeaders(): readonly string[] {
  const listed = folders.flatMap(([folder, prefix]) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".h"))
      .map((name) => prefix + name),
  );
  return [...listed.sort(), ...libc];
}

function isInstalled(header: string): boolean {
  const roots = ["/usr/include", "/usr/include/x86_64-linux-gnu"];
  return roots.some((root) => existsSync(`${root}/${header}`));
}

/** What gcc says of a header alone, or else after others. */
async function compareHeader(header: string): Promise<Agreement> {
  const include = `#include <${header}>\n`;
  const alone = await compareWithGcc(include);
  return alone.refusedByGcc ? compareWithGcc(prelude + include) : alone;
}

interface Comparison {
  readonly headers: readonly string[];
  readonly result: Agreement;
}

/** Headers that gcc takes at a time. */
const togetherSize = 16;

/** Compares headers in one text; where that is not possible, or finds something, the halves of them. */
async function compareHeaders(headers: readonly string[]): Promise<readonly Comparison[]> {
  const [only] = headers;
  if (only === undefined) return [];
  if (headers.length === 1) return [{ headers, result: await compareHeader(only) }];
  const together = await compareTogether(headers.map((header) => `#include <${header}>\n`));
  if (together !== undefined) return [{ headers, result: together }];
  const middle = headers.length >> 1;
  return [...(await compareHeaders(headers.slice(0, middle))), ...(await compareHeaders(headers.slice(middle)))];
}

test("gcc agrees on every struct and enumerator of system headers", { skip }, async (t) => {
  const all = process.env.CDECL_HEADERS === "all";
  const headers = all ? allHeaders() : sample.filter(isInstalled);
  const groups = Array.from({ length: Math.ceil(headers.length / togetherSize) }, (_, i) => headers.slice(i * togetherSize, (i + 1) * togetherSize));
  const results: Comparison[] = [];
  const waiting = groups.values();
  const work = async () => {
    for (const group of waiting) results.push(...(await compareHeaders(group)));
  };
  // One more than processors: this process has work of its own.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  const refused = results.filter(({ result }) => result.refusedByGcc).flatMap((refusal) => refusal.headers);
  const sum = (pick: (result: Agreement) => number) => results.reduce((total, { result }) => total + pick(result), 0);
  const total = {
    headers: headers.length - refused.length,
    structs: sum(({ structs }) => structs),
    fields: sum(({ fields }) => fields),
    enumerators: sum(({ enumerators }) => enumerators),
  };
  t.diagnostic(`${JSON.stringify(total)}; gcc cannot compile: ${refused.sort().join(" ") || "none"}`);
  assert.ok(total.structs > 0);
  assert.deepEqual(results.flatMap(({ headers: [header], result }) => result.problems.map((problem) => `${header}: ${problem}`)), []);
});
