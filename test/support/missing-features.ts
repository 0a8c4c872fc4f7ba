// For tests: features that the running kernel should have by the table, but has not.

import { release } from "node:os";
import { type Feature, featureNames, features, isSince } from "../../src/define/features.ts";
import { missingOptions, parseRelease, tryFeature } from "../../src/kernel/features.ts";

/** One line for each that is not excused by the kernel's configuration. */
export function missingFeatures(): readonly string[] {
  const running = parseRelease(release());
  return featureNames
    .filter((name) => {
      const { since, until }: Feature = features[name];
      return isSince(running, since) && (until === undefined || !isSince(running, until)) && missingOptions(name).length === 0 && !tryFeature(name);
    })
    .map((name) => `${name} is in Linux since ${features[name].since.join(".")}, but ${release()} does not have it`);
}
