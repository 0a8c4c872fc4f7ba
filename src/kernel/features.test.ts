// The table of kernel features against the running kernel, and how it is read for others.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { featureNames, features, isSince } from "../define/features.ts";
import { missingFeatures } from "../../test/support/missing-features.ts";
import { kernelFeatures, parseRelease } from "./features.ts";

test("the running kernel has what its release says", () => {
  assert.deepEqual(missingFeatures(), []);
});

test("releases are read without what distributions add", () => {
  assert.deepEqual(parseRelease("6.1.0-57-amd64"), { major: 6, minor: 1, patch: 0 });
  assert.deepEqual(parseRelease("6.12.117+deb12-amd64"), { major: 6, minor: 12, patch: 117 });
  assert.deepEqual(parseRelease("5.8"), { major: 5, minor: 8, patch: 0 });
  assert.deepEqual(parseRelease("6.18-rc3"), { major: 6, minor: 18, patch: 0 });
});

describe("which features a kernel has", () => {
  const none = new Set<string>();
  const never = () => assert.fail("nothing needs to be tried");

  test("a new enough kernel is not asked for what it cannot be built without", () => {
    const has = kernelFeatures({ major: 6, minor: 18 }, none, never);
    for (const name of featureNames) if (features[name].config.length === 0 && features[name].until === undefined) assert.ok(has(name), name);
  });

  test("what depends on the configuration is tried, once", () => {
    const asked: string[] = [];
    const has = kernelFeatures({ major: 6, minor: 18 }, none, (name) => {
      asked.push(name);
      return name === "uprobe_multi";
    });
    assert.equal(has("uprobe_multi"), true);
    assert.equal(has("kprobe_multi"), false);
    assert.equal(has("uprobe_multi"), true);
    assert.deepEqual(asked, ["uprobe_multi", "kprobe_multi"]);
  });

  test("an older kernel may have got a feature from its distributor", () => {
    const has = kernelFeatures({ major: 5, minor: 14 }, none, (name) => name === "bpf_loop");
    assert.equal(has("bpf_loop"), true);
    assert.equal(has("perf_link"), false);
  });

  test("a later kernel has done away with a feature", () => {
    assert.equal(kernelFeatures({ major: 6, minor: 1 }, none, never)("typed_pointers"), true);
    assert.equal(kernelFeatures({ major: 6, minor: 2 }, none, never)("typed_pointers"), false);
  });

  test("a disabled feature is not there", () => {
    const has = kernelFeatures({ major: 6, minor: 18 }, new Set(["perf_link"]), never);
    assert.equal(has("perf_link"), false);
    assert.equal(has("bpf_loop"), true);
  });

  test("releases compare by major and minor number", () => {
    assert.deepEqual([isSince({ major: 5, minor: 8 }, [5, 8]), isSince({ major: 6, minor: 0 }, [5, 8]), isSince({ major: 5, minor: 7 }, [5, 8]), isSince({ major: 4, minor: 20 }, [5, 8])], [true, true, false, false]);
  });
});
