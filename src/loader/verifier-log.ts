// What the kernel's verifier complained about: the instruction, its place in the script, and the reason in words.
// Messages are those of kernel/bpf/verifier.c, Linux 5.8 to 6.18.

import type { BytecodeProgram } from "../backend/bytecode.ts";
import type { Span } from "../source/source.ts";

export interface VerifierComplaint {
  /** Word index of the refused instruction; undefined when the whole program was refused. */
  readonly instruction: number | undefined;
  readonly span: Span | undefined;
  /** The reason, for somebody who reads the script. */
  readonly reason: string;
  /** The verifier's own line. */
  readonly message: string;
  /** What to change in the script; undefined: the script is not to blame. */
  readonly advice: string | undefined;
}

interface Reason {
  readonly pattern: RegExp;
  words(match: RegExpExecArray): string;
  readonly advice?: string;
}

const less = "do less in one probe: shorter loops and strings, or split the work over several probes";

/** First match wins. */
const reasons: readonly Reason[] = [
  {
    pattern: /BPF program is too large\. Processed (\d+) insn/,
    words: ([, count]) => `checking it takes more than the ${count} steps that the kernel allows`,
    advice: less,
  },
  {
    pattern: /The sequence of (\d+) jumps is too complex/,
    words: ([, count]) => `it has a sequence of ${count} branches, which the kernel does not follow to the end`,
    advice: less,
  },
  {
    pattern: /infinite loop detected|back-edge from insn/,
    words: () => "the loop has no end that the kernel can see",
    advice: "give the loop a bound: `for $i : 0..n` or a counter that is compared with a number",
  },
  {
    pattern: /combined stack size of \d+ calls is (\d+)\. Too large|stack depth.*too large/i,
    words: ([, bytes]) => `it needs ${bytes ?? "more than 512"} bytes of stack; the kernel allows 512`,
    advice: "keep large values in maps instead of variables, or set a smaller on_stack_limit in the config",
  },
  {
    pattern: /(?:helper call is not allowed in probe|program of this type cannot use helper|unknown func) ?(?:bpf_)?(\w+)?/,
    words: ([, name]) => `the kernel does not offer ${name === undefined ? "what this calls" : `bpf_${name}`} to this type of probe`,
    advice: "use another probe type; --info lists what this kernel supports",
  },
  {
    pattern: /total number of maps per program has reached the limit of (\d+)/,
    words: ([, count]) => `it uses more than the ${count} maps that the kernel allows in one program`,
    advice: "use one map with keys, as @values[1], instead of many maps, or split the work over several probes",
  },
  { pattern: /cannot call GPL-restricted function/, words: () => "this needs a GPL license", advice: 'set license = "GPL" in the config' },
  {
    pattern: /pointer arithmetic on \w*_or_null prohibited|invalid mem access '\w*_or_null'/,
    words: () => "a pointer is used that may be null",
  },
  { pattern: /invalid mem access 'scalar'|invalid mem access 'inv'/, words: () => "a number is used as an address of memory" },
  {
    pattern: /invalid access to map value|R\d+ .*outside of the allowed memory range|invalid access to memory/,
    words: () => "memory outside of a value may be accessed",
  },
  { pattern: /invalid (?:indirect )?(?:read|access|write) (?:from|to) stack|invalid stack/, words: () => "stack memory is accessed that was not written, or does not exist" },
  { pattern: /invalid bpf_context access|dereference of modified ctx ptr/, words: () => "this part of the probe's context cannot be read" },
  { pattern: /access beyond struct|cannot access ptr member|Type '.*' is not a struct/, words: () => "a field of a kernel struct is accessed that is not there" },
  { pattern: /R\d+ !read_ok/, words: () => "a register is read before it is set" },
  { pattern: /(?:Unreleased|unreleased) reference/, words: () => "something that was reserved is not given back" },
  { pattern: /type=\S+ expected=/, words: () => "a helper gets an argument of a wrong kind" },
  { pattern: /prohibited/, words: () => "an operation on an address is not allowed" },
  { pattern: /unreachable insn/, words: () => "the program has instructions that are never reached" },
  { pattern: /misaligned/, words: () => "memory is accessed at an odd address" },
];

/** Reads a log; `code` tells the places of the instructions. */
export function explainRejection(log: string, code: Pick<BytecodeProgram, "lines">): VerifierComplaint {
  const lines = log.trimEnd().split("\n");
  const instruction = lastInstruction(lines);
  const place = { instruction, span: placeOf(instruction, code) };
  const last = complaintLine(lines);
  // The reason is the last line, or stands just before the states that it is about.
  for (const message of [last, ...lines.slice(-8)]) {
    for (const { pattern, words, advice } of reasons) {
      const match = pattern.exec(message);
      if (match !== null) return { ...place, reason: words(match), message: message.trim(), advice };
    }
  }
  return { ...place, reason: "it does not follow the kernel's rules", message: last.trim(), advice: undefined };
}

/** Index of the last instruction that the log shows: `12: (85) call bpf_map_lookup_elem#1`. */
function lastInstruction(lines: readonly string[]): number | undefined {
  for (let i = lines.length - 1; i >= 0; i--) {
    const match = /^(\d+): \([0-9a-f]{2}\) /.exec(lines[i] ?? "");
    if (match !== null) return Number(match[1]);
  }
  return undefined;
}

/** The last line that is neither an instruction nor statistics nor a register state. */
function complaintLine(lines: readonly string[]): string {
  const noise = /^(processed \d+ insns|\d+: |;|verification time|stack depth|peak_states|mark_precise|from \d+ to \d+|func#|Validating|Live regs|\s*$)/;
  return lines.findLast((line) => !noise.test(line)) ?? "";
}

/** The place of the nearest line entry at or before an instruction. */
function placeOf(at: number | undefined, code: Pick<BytecodeProgram, "lines">): Span | undefined {
  if (at === undefined) return undefined;
  return code.lines.findLast((line) => line.at <= at)?.span;
}
