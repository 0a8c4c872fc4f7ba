// Attaching one probe of a run: where the kernel refuses one link for many functions, each of them gets a probe of its own.

import { type AttachEnvironment, attachProgram } from "../attach/attach.ts";
import type { Link } from "../attach/link.ts";
import { mergedSpec } from "../attach/merge-places.ts";
import { singleProbes, type SingleProbes } from "../attach/single-probes.ts";
import type { CompiledProbe } from "../compile/compiled-program.ts";
import type { LoadedProbe, LoadedProgram } from "../loader/load.ts";
import { errnoText, SystemError } from "../sys/system-error.ts";

export interface Attaching {
  readonly loaded: LoadedProgram;
  readonly environment: AttachEnvironment;
  /** Takes over what has to be undone. */
  keep(link: Link): void;
  /** Gets what -v tells. */
  note(text: string): void;
}

/** What -v says before a probe is attached. */
export function noteAttaching({ attach, name }: CompiledProbe, note: (text: string) => void): void {
  if (attach.mechanism === "test-run") return;
  note(`Trying to attach probe: ${name}`);
  const places =
    attach.mechanism === "uprobe-multi"
      ? attach.names.map((symbol) => `${attach.path}:${symbol}`)
      : attach.mechanism === "kprobe-multi" ? attach.functions : [];
  const bothEnds = attach.mechanism === "kprobe-multi" && attach.ends === "both";
  if (places.length > 0) note(`Attaching to ${places.length} functions${bothEnds ? " at entry and return" : ""}`);
  for (const place of places) note(`  ${place}`);
}

/** Attaches a group by one link; gives those that must be attached one by one, which tells what is wrong with which. */
export function attachTogether(group: readonly LoadedProbe[], { environment, keep }: Attaching): readonly LoadedProbe[] {
  const [first] = group;
  const spec = mergedSpec(group);
  if (first === undefined || spec === undefined) return group;
  try {
    const link = attachProgram(first.probe.name, first.fd, spec, environment);
    keep(link);
    const refused = new Set(link.refused);
    return group.filter(({ probe: { attach } }) => attach.mechanism === "kprobe-multi" && attach.functions.some((name) => refused.has(name)));
  } catch (problem) {
    if (problem instanceof SystemError) return group;
    throw problem;
  }
}

/** Gives how many probes were attached. Throws SystemError when the kernel refuses. */
export function attachProbe({ probe, fd }: LoadedProbe, attaching: Attaching): number {
  const singles = singleProbes(probe);
  try {
    const link = attachProgram(probe.name, fd, probe.attach, attaching.environment);
    attaching.keep(link);
    const refused = link.refused ?? [];
    if (refused.length > 0) attaching.note(`Not attached, refused by the kernel: ${refused.join(", ")}`);
    return probe.count - refused.length;
  } catch (problem) {
    if (!(problem instanceof SystemError) || singles === undefined) throw problem;
    attaching.note(`One link for all functions is refused (${problem.advice || errnoText(problem.errno)}): attaching to each`);
    return Math.min(...singles.map((single) => attachSingles(single, attaching)));
  }
}

/** Attaches a program to many functions; gives to how many the kernel let it. Throws SystemError when it is none. */
function attachSingles({ probe, places }: SingleProbes, { loaded, environment, keep }: Attaching): number {
  const { fd } = loaded.loadMore(probe);
  let count = 0;
  let refusal: SystemError | undefined;
  for (const place of places) {
    try {
      keep(attachProgram(probe.name, fd, place, environment));
      count += 1;
    } catch (problem) {
      if (!(problem instanceof SystemError)) throw problem;
      refusal ??= problem;
    }
  }
  if (count === 0 && refusal !== undefined) throw refusal;
  return count;
}
