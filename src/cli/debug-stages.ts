// The stages of the compiler that -d can print.

export const debugStages = [
  "parse",
  "ast",
  "types",
  "ir",
  "codegen",
  "passes",
  "codegen-opt",
  "bytecode",
  "dis",
  "libbpf",
  "verifier",
  "all",
];

/** The value of -d when no stage is named: the old `-d` and `-dd`, which print and stop. */
export const oldDebug = "old";

/** Whether the verifier's log is wanted. */
export function showsVerifier(wanted: readonly string[]): boolean {
  return wanted.includes("verifier") || wanted.includes("all");
}
