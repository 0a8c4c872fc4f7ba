// How long scripts of 3,000 lines take from start to end.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurn, run } from "./command.mjs";
import { figure, milliseconds, mebibytes, ratio } from "./table.mjs";

const size = 3000;

const kinds = [
  { title: "assignments to one map, `@a[7] = 8;`", line: (i) => `@a[${i}] = ${i + 1};` },
  { title: "`@m7[pid, comm] = nsecs + 7;`, ten maps", line: (i) => `@m${i % 10}[pid, comm] = nsecs + ${i};` },
  { title: "`@s3 = 7;`, ten maps without keys", line: (i) => `@s${i % 10} = ${i};` },
  { title: "`if ($x % 9 == 1) { $x += 7; } else { $x -= 1; }`", line: (i) => `if ($x % ${i + 2} == 1) { $x += ${i}; } else { $x -= 1; }` },
  { title: "`if (pid == 7) { @c3 = 7; }`", line: (i) => `if (pid == ${i}) { @c${i % 10} = ${i}; }` },
  { title: "`if (pid == 7) { @c3 = count(); }`", line: (i) => `if (pid == ${i}) { @c${i % 10} = count(); }` },
];

export async function scripts({ ours, peer, rounds, folder }) {
  const head = [`${size} lines, start to end`, "ours", "peer", "ours / peer", "ours, peak"];
  const rows = [];
  for (const [index, { title, line }] of kinds.entries()) {
    const path = join(folder, `long${index}.bt`);
    const body = Array.from({ length: size }, (_, i) => line(i)).join("\n");
    writeFileSync(path, `BEGIN {\n$x = nsecs;\n${body}\nexit();\n}\n`);
    const of = (tracer) => () => run([...tracer.words, path], { environment: tracer.environment, timeout: 60 });
    const commands = [of(ours), ...(peer === undefined ? [] : [of(peer)])];
    const [mine, theirs = []] = await inTurn(commands, Math.min(rounds, 5));
    const [peaks] = await inTurn([() => run([...ours.words, path], { watch: true })], 1);
    const wall = (result) => result.wall;
    rows.push([title, figure(mine, wall, milliseconds), figure(theirs, wall, milliseconds), ratio(mine, theirs, wall), figure(peaks, ({ peak }) => peak, mebibytes)]);
  }
  return { head, rows };
}
