// Sessions: a probe at the entry and one at the return of the same functions become one program, which saves the kernel a
// second probe and the program half of its runs.

import type { ProbePoint, SessionEnd } from "../define/probe.ts";
import { type ExpandedProbe, onlyPoint } from "./expand.ts";

/** A probe, and for a session the one that runs at the return. */
export interface PairedProbe {
  readonly probe: ExpandedProbe;
  readonly atReturn: ExpandedProbe | undefined;
}

function endOf(probe: ExpandedProbe): SessionEnd | undefined {
  return onlyPoint(probe)?.session;
}

/**
 * Pairs each probe at an entry with the only one at the return of the same functions, if there is exactly one. A session
 * stands where its entry stood.
 */
export function pairSessions(probes: readonly ExpandedProbe[]): readonly PairedProbe[] {
  const returns = new Map<string, ExpandedProbe[]>();
  for (const probe of probes) {
    const end = endOf(probe);
    if (end?.end !== "return") continue;
    const known = returns.get(end.functions);
    if (known === undefined) returns.set(end.functions, [probe]);
    else known.push(probe);
  }
  const taken = new Set<ExpandedProbe>();
  const paired = probes.map((probe): PairedProbe => {
    const end = endOf(probe);
    const [atReturn, another] = end?.end === "entry" ? (returns.get(end.functions) ?? []) : [];
    if (end === undefined || atReturn === undefined || another !== undefined || taken.has(atReturn)) return { probe, atReturn: undefined };
    const together = end.together();
    if (together === undefined) return { probe, atReturn: undefined };
    taken.add(atReturn);
    const points = probe.points.map((point): ProbePoint => ({ ...point, ...together }));
    return { probe: { ...probe, points }, atReturn };
  });
  return paired.filter(({ probe }) => !taken.has(probe));
}
