// Probes on one event that the kernel gives one program only: their bodies become one program, one after the other. Each with
// an event of its own could be skipped alone, while another program runs on the CPU.

import type { ProbePoint } from "../define/probe.ts";
import type { ExpandedProbe } from "./expand.ts";
import type { PairedProbe } from "./sessions.ts";

/** A program, with the probes whose bodies follow in it. */
export interface JoinedProbe extends PairedProbe {
  readonly followers: readonly ExpandedProbe[];
}

/** The event of a probe that has one attach point and one point. */
function eventOf({ points, probe }: ExpandedProbe): string | undefined {
  const [only, other] = points;
  return other === undefined && probe.attachPoints.length === 1 ? only?.onlyProgramOf : undefined;
}

/** Joins each probe to the first one on the same event, whose place they take. */
export function joinEvents(probes: readonly PairedProbe[]): readonly JoinedProbe[] {
  const groups = new Map<string | PairedProbe, PairedProbe[]>();
  for (const paired of probes) {
    const key = eventOf(paired.probe) ?? paired;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [paired]);
    else group.push(paired);
  }
  return [...groups.values()].flatMap(([first, ...others]) => (first === undefined ? [] : [joined(first, others.map(({ probe }) => probe))]));
}

function joined({ probe, atReturn }: PairedProbe, followers: readonly ExpandedProbe[]): JoinedProbe {
  if (followers.length === 0) return { probe, atReturn, followers };
  const all = followers.reduce((sum, follower) => sum + countOf(follower), countOf(probe));
  return { probe: { ...probe, points: probe.points.map((point): ProbePoint => ({ ...point, count: all })) }, atReturn, followers };
}

function countOf({ points }: ExpandedProbe): number {
  return points.reduce((sum, { count }) => sum + count, 0);
}
