// A program with many functions and many USDT probes, to attach to; it calls none of them.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const note = (name) => `asm volatile("771: nop\\n"
  ".pushsection .note.stapsdt,\\"?\\",\\"note\\"\\n.balign 4\\n.4byte 8, 773f-772f, 3\\n.asciz \\"stapsdt\\"\\n"
  "772: .8byte 771b, 0, 0\\n.asciz \\"bench\\"\\n.asciz \\"${name}\\"\\n.asciz \\"\\"\\n773: .balign 4\\n.popsection");`;

/** Its path; undefined where there is no C compiler. */
export function buildMany(folder, count) {
  const source = join(folder, "many.c");
  const program = join(folder, "many");
  const functions = Array.from({ length: count }, (_, i) => `__attribute__((noinline)) void f${i}(void) { ${note(`p${i}`)} }`);
  const calls = Array.from({ length: count }, (_, i) => `f${i}();`).join(" ");
  writeFileSync(source, `${functions.join("\n")}\nint main(int n, char **words) { if (n > 1) { ${calls} } return 0; }\n`);
  return spawnSync("cc", ["-O1", "-no-pie", source, "-o", program], { stdio: "ignore" }).status === 0 ? program : undefined;
}
