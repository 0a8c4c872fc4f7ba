// The `kernel` field of a row: conditions on a kernel's release.

/** Major and minor number as one that orders. */
function series(text: string): number {
  const match = /^(\d+)\.(\d+)/.exec(text);
  if (match === null) throw new Error(`no kernel release: ${text}`);
  return Number(match[1]) * 1000 + Number(match[2]);
}

/** Whether a release fulfils all conditions (`6.12`, `>=6.2 <6.6`); without any it does. */
export function kernelMatches(conditions: string | undefined, release: string): boolean {
  const own = series(release);
  return (conditions ?? "").split(/\s+/).filter((text) => text !== "").every((text) => {
    const [, sign = "", version = ""] = /^(>=|<=|<|>|)(.*)$/.exec(text) ?? [];
    const wanted = series(version);
    switch (sign) {
      case ">=":
        return own >= wanted;
      case "<=":
        return own <= wanted;
      case ">":
        return own > wanted;
      case "<":
        return own < wanted;
      default:
        return own === wanted;
    }
  });
}
