// What an event costs: a program that makes a million system calls, traced by programs of several kinds.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurn, run } from "./command.mjs";
import { count, figure, median, milliseconds, nanoseconds, ratio } from "./table.mjs";

const calls = 1_000_000;

const source = `#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
  long count = atol(argv[1]);
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (long i = 0; i < count; i++) syscall(SYS_getppid);
  clock_gettime(CLOCK_MONOTONIC, &b);
  FILE *file = fopen(argv[2], "w");
  fprintf(file, "%.1f", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / count);
  return fclose(file);
}
`;

/** The words of the program that is traced: compiled where there is a compiler, else perl's. It writes the nanoseconds of a call to a file. */
function loop(folder) {
  const file = join(folder, "getppid.c");
  const program = join(folder, "getppid");
  const report = join(folder, "nanoseconds");
  writeFileSync(file, source);
  const built = spawnSync("cc", ["-O2", "-o", program, file]).status === 0;
  const number = process.arch === "arm64" ? 173 : 110;
  const perl = join(folder, "getppid.pl");
  writeFileSync(
    perl,
    `use Time::HiRes "time"; my ($n, $file) = @ARGV; my $t = time; syscall(${number}) for 1..$n; my $ns = (time - $t) * 1e9 / $n; open(my $f, ">", $file); print $f $ns;\n`,
  );
  return { words: [...(built ? [program] : ["perl", perl]), `${calls}`, report], report, language: built ? "C" : "Perl" };
}

const programs = [
  { title: "`@ = count()`", body: "@ = count();" },
  { title: "`@[comm] = count()`", body: "@[comm] = count();" },
  { title: "`@ = hist(nsecs)`", body: "@ = hist(nsecs);" },
  { title: "`printf` of pid, comm and nsecs", body: 'printf("%-6d %-16s %d\\n", pid, comm, nsecs);', prints: true },
];

export async function events({ ours, peer, rounds, folder }) {
  const target = loop(folder);
  const output = join(folder, "output");
  const take = async (words, environment) => {
    const result = await run(words, { environment, output, timeout: 180 });
    if (result.status !== 0) return result;
    const printed = readFileSync(output, "latin1").match(/^\d+ +\S+ +\d+ *$/gm)?.length ?? 0;
    return { ...result, perCall: Number(readFileSync(target.report, "latin1")), printed };
  };
  const [plain] = await inTurn([() => take(target.words, {})], Math.min(rounds, 5));
  const base = median(plain.map(({ perCall }) => perCall));
  const cost = ({ perCall }) => perCall - base;
  const head = [`A getppid() (${target.language}, ${base.toFixed(0)} ns untraced) costs more by`, "ours", "peer", "ours / peer"];
  const rows = [];
  for (const { title, body, prints } of programs) {
    const text = `tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { ${body} }`;
    const of = (tracer) => () => take([...tracer.words, "-e", text, "-c", target.words.join(" ")], tracer.environment);
    const [mine, theirs = []] = await inTurn([of(ours), ...(peer === undefined ? [] : [of(peer)])], Math.min(rounds, 5));
    rows.push([title, figure(mine, cost, nanoseconds), figure(theirs, cost, nanoseconds), ratio(mine, theirs, cost)]);
    if (!prints) continue;
    const more = [
      ["… lines printed of a million", ({ printed }) => printed, count],
      ["… lines lost", ({ printed }) => calls - printed, count],
      ["… start to end", ({ wall }) => wall, milliseconds],
      ["… processor time of the tracer and the program", ({ cpu }) => cpu, milliseconds],
    ];
    for (const [name, pick, show] of more) {
      const shown = show === count ? "-" : ratio(mine, theirs, pick);
      rows.push([name, figure(mine, pick, show), figure(theirs, pick, show), shown]);
    }
  }
  return { head, rows };
}
