// Which features of the table the running kernel has: by its release where that says all, else by trying.

import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { gunzipSync } from "node:zlib";
import { helpers } from "../bpf/helpers.ts";
import { type Feature, type FeatureName, features, isSince, type Release } from "../define/features.ts";
import {
  hasHelper,
  hasKprobeMulti,
  hasKprobeSession,
  hasPerfLink,
  hasRawTracepointTestRun,
  hasReadOnlyCast,
  hasRingBuffer,
  hasSignedDivision,
  hasUprobeMulti,
} from "./feature-probes.ts";
import { lazy } from "./lazy.ts";
import { vmlinuxBtf } from "./module-btf.ts";

const hasPmu = (name: string) => existsSync(`/sys/bus/event_source/devices/${name}/type`);

const tries: Readonly<Record<FeatureName, () => boolean>> = {
  kprobe_pmu: () => hasPmu("kprobe"),
  uprobe_pmu: () => hasPmu("uprobe"),
  ring_buffer: hasRingBuffer,
  raw_tp_test_run: hasRawTracepointTestRun,
  get_current_task_btf: () => hasHelper(helpers.getCurrentTaskBtf.id),
  for_each_map_elem: () => hasHelper(helpers.forEachMapElem.id),
  get_func_ip: () => hasHelper(helpers.getFuncIp.id),
  perf_link: hasPerfLink,
  bpf_loop: () => hasHelper(helpers.loop.id),
  kprobe_multi: hasKprobeMulti,
  map_lookup_percpu_elem: () => hasHelper(helpers.mapLookupPercpuElem.id),
  ktime_get_tai_ns: () => hasHelper(helpers.ktimeGetTaiNs.id),
  signed_division: hasSignedDivision,
  uprobe_multi: hasUprobeMulti,
  kprobe_session: hasKprobeSession,
  rdonly_cast: () => hasReadOnlyCast(vmlinuxBtf()?.reader, "struct"),
  rdonly_cast_bytes: () => hasReadOnlyCast(vmlinuxBtf()?.reader, "bytes"),
  // Nothing but a program that is wrong on later kernels would tell.
  typed_pointers: () => !isSince(parseRelease(release()), features.typed_pointers.until),
};

/** Tries a feature out, whatever the release of the kernel says. */
export function tryFeature(name: FeatureName): boolean {
  return tries[name]();
}

/** `6.1.0-57-amd64` as numbers. */
export function parseRelease(text: string): Release & { readonly patch: number } {
  const [major = 0, minor = 0, patch = 0] = text.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0);
  return { major, minor, patch };
}

/**
 * Answers which features a kernel has. A new enough one has those that no configuration can leave out; the others are
 * tried, as are those that an older kernel may have got from a distribution. `disabled` ones it has not.
 */
export function kernelFeatures(
  running: Release,
  disabled: ReadonlySet<string>,
  attempt: (name: FeatureName) => boolean = tryFeature,
): (name: FeatureName) => boolean {
  const known = new Map<FeatureName, boolean>();
  return (name) => {
    if (disabled.has(name)) return false;
    const { since, until, config }: Feature = features[name];
    if (until !== undefined && isSince(running, until)) return false;
    if (config.length === 0 && isSince(running, since)) return true;
    const answer = known.get(name) ?? attempt(name);
    known.set(name, answer);
    return answer;
  };
}

/** The running kernel's configuration, as far as it can be found. */
const configuration = lazy((): string | undefined => {
  if (existsSync("/proc/config.gz")) return gunzipSync(readFileSync("/proc/config.gz")).toString("latin1");
  const file = `/boot/config-${release()}`;
  return existsSync(file) ? readFileSync(file, "latin1") : undefined;
});

/** Options that a feature depends on and that the running kernel was built without; all of them when that isn't known. */
export function missingOptions(name: FeatureName): readonly string[] {
  const text = configuration();
  const { config }: Feature = features[name];
  return config.filter((option) => text === undefined || !new RegExp(`^${option}=[ym]$`, "m").test(text));
}
