// Whether this process may trace at all: capabilities (capabilities(7)) and the kernel's lockdown.

import { readFileSync } from "node:fs";

const capability = { dacOverride: 1, dacReadSearch: 2, sysAdmin: 21, perfmon: 38, bpf: 39 } as const;

/** Effective capabilities as bits; all of them where /proc can't be read, so that the kernel decides. */
function effectiveCapabilities(): bigint {
  try {
    const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
    return hex === undefined ? -1n : BigInt(`0x${hex}`);
  } catch {
    // Without /proc nothing is known; refusing would be wrong for those who are allowed.
    return -1n;
  }
}

/** The first capability that is missing, by its name in capabilities(7). */
export function missingCapability(uid: number, effective: bigint): string | undefined {
  const has = (bit: number) => ((effective >> BigInt(bit)) & 1n) === 1n;
  if (uid !== 0) {
    if (!has(capability.dacReadSearch)) return "CAP_DAC_READ_SEARCH";
    if (!has(capability.dacOverride)) return "CAP_DAC_OVERRIDE";
  }
  if (has(capability.sysAdmin)) return undefined;
  if (!has(capability.bpf)) return "CAP_BPF";
  return has(capability.perfmon) ? undefined : "CAP_PERFMON";
}

/** Why this process can't trace; undefined when it can. */
export function privilegeProblem(): string | undefined {
  const missing = missingCapability(process.geteuid?.() ?? 0, effectiveCapabilities());
  if (missing === undefined) return undefined;
  return `Missing ${missing} capability: bpftrace needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN; run it as root`;
}

/** Why the kernel's lockdown forbids reading its memory; undefined when it does not. */
export function lockdownProblem(): string | undefined {
  let modes: string;
  try {
    modes = readFileSync("/sys/kernel/security/lockdown", "latin1");
  } catch {
    // Kernels without lockdown have no such file.
    return undefined;
  }
  if (!modes.includes("[confidentiality]")) return undefined;
  return "The kernel is locked down (confidentiality): it lets no program read its memory, so bpftrace can't run";
}
