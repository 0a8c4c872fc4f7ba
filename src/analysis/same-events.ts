// Probes on one perf event, to which the kernel ties one program only: their bodies become one program, one after the other. Each
// with an event of its own could be skipped alone, while another program runs on the CPU.

import { type ExpandedProbe, onlyPoint } from "./expand.ts";
import type { PairedProbe } from "./sessions.ts";

/** A program, with the probes whose bodies follow in it. */
export interface JoinedProbe extends PairedProbe {
  readonly followers: readonly ExpandedProbe[];
}

/** The same text for the same event; undefined for what is none, or several. */
function eventOf(probe: ExpandedProbe): string | undefined {
  const attach = onlyPoint(probe)?.attach;
  if (attach?.mechanism !== "perf-event") return undefined;
  const { type, config, sampling, cpus, followsProcess } = attach;
  return [type, config, sampling.by, sampling.value, cpus, followsProcess].join(" ");
}

/** Joins each probe to the first one on the same event, whose place they take. */
export function joinEvents(probes: readonly PairedProbe[]): readonly JoinedProbe[] {
  const followersOf = new Map<string, ExpandedProbe[]>();
  const joined: JoinedProbe[] = [];
  for (const paired of probes) {
    const event = eventOf(paired.probe);
    const known = event === undefined ? undefined : followersOf.get(event);
    if (known !== undefined) {
      known.push(paired.probe);
      continue;
    }
    const followers: ExpandedProbe[] = [];
    if (event !== undefined) followersOf.set(event, followers);
    joined.push({ ...paired, followers });
  }
  return joined.map(countedTogether);
}

/** The point that is attached counts for the followers' too. */
function countedTogether(joined: JoinedProbe): JoinedProbe {
  const { probe, followers } = joined;
  const added = followers.flatMap(({ points }) => points).reduce((sum, { count }) => sum + count, 0);
  return added === 0 ? joined : { ...joined, probe: { ...probe, points: probe.points.map((point) => ({ ...point, count: point.count + added })) } };
}
