// The text of --help, made from the table of options.

import { debugStages } from "./debug-stages.ts";
import { type OptionDef, optionTable } from "./option-table.ts";

const width = 32;

function optionLine({ short, long, argument, help }: OptionDef): string {
  const names = [short === undefined ? undefined : `-${short}`, long === undefined ? undefined : `--${long}`];
  const spelling = `${names.filter((name) => name !== undefined).join(", ")}${argument === undefined ? "" : ` ${argument}`}`;
  return `    ${spelling.padEnd(width - 2)}  ${help}\n`;
}

function section(name: OptionDef["section"]): string {
  return optionTable.filter((definition) => definition.section === name).map(optionLine).join("");
}

const environment: readonly (readonly [string, string])[] = [
  ["BPFTRACE_BTF", "file with the kernel's types"],
  ["BPFTRACE_CACHE_USER_SYMBOLS", "[auto] how long user symbols are kept"],
  ["BPFTRACE_COLOR", "[auto] colours in messages: auto, always, never"],
  ["BPFTRACE_CPP_DEMANGLE", "[true] readable C++ names"],
  ["BPFTRACE_KERNEL_BUILD", "folder of the kernel's build"],
  ["BPFTRACE_KERNEL_SOURCE", "folder of the kernel's sources"],
  ["BPFTRACE_MAX_BPF_PROGS", "[1024] programs at most"],
  ["BPFTRACE_MAX_CAT_BYTES", "[10240] bytes that cat() shows"],
  ["BPFTRACE_MAX_MAP_KEYS", "[4096] elements of a map"],
  ["BPFTRACE_MAX_PROBES", "[1024] probes at most"],
  ["BPFTRACE_MAX_STRLEN", "[1024] bytes of a string that str() reads"],
  ["BPFTRACE_MISSING_PROBES", "[auto] what to do about them: auto, error, warn, ignore"],
  ["BPFTRACE_PERF_RB_PAGES", "[auto] pages of the event buffer"],
  ["BPFTRACE_PRINT_MAPS_ON_EXIT", "[true] print maps at the end"],
  ["BPFTRACE_STACK_MODE", "[bpftrace] layout of stacks: bpftrace, perf, raw, build_id"],
];

export const usage = `USAGE:
    bpftrace [options] FILE [parameters]
    bpftrace [options] - <FILE
    bpftrace [options] -e 'program' [parameters]
    bpftrace [options] FILE -- --named=value

OPTIONS:
${section("options")}
TROUBLESHOOTING OPTIONS:
${section("troubleshooting")}
    stages of -d: ${debugStages.join(", ")}

ENVIRONMENT:
${environment.map(([name, text]) => `    ${name.padEnd(width - 2)}  ${text}\n`).join("")}
EXAMPLES:
    bpftrace -l '*sleep*'
        list probes with "sleep" in their name
    bpftrace -lv 'tracepoint:syscalls:sys_enter_openat'
        list the arguments of a probe
    bpftrace -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }'
        count system calls by command
    bpftrace -e 'uretprobe:/bin/bash:readline { printf("%s\\n", str(retval)); }'
        print what is typed into bash
`;
