// Times: every letter against date(1) over days that differ in year, week and daylight; fractions; other time zones.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { formatTime } from "./strftime.ts";

const second = 1_000_000_000n;

/** What date(1) makes of a moment in UTC. */
function reference(format: string, seconds: number): string {
  const environment = { ...process.env, LC_ALL: "C", TZ: "UTC0" };
  return execFileSync("date", ["-d", `@${seconds}`, `+${format}`], { env: environment, encoding: "latin1" }).replace(/\n$/, "");
}

function inZone(zone: string, run: () => void): void {
  const own = process.env["TZ"];
  process.env["TZ"] = zone;
  try {
    run();
  } finally {
    if (own === undefined) delete process.env["TZ"];
    else process.env["TZ"] = own;
  }
}

describe("in UTC", () => {
  const own = process.env["TZ"];
  before(() => {
    process.env["TZ"] = "UTC";
  });
  after(() => {
    if (own === undefined) delete process.env["TZ"];
    else process.env["TZ"] = own;
  });

  const letters = "aAbBcCdDeFgGhHIjmMnpPrRsStTuUVwWxXyYz%".split("");
  const format = letters.map((letter) => `${letter}=%${letter}`).join("|");
  // Ends and beginnings of years whose weeks belong to the neighbour, leap days, noon and midnight.
  const days = ["1970-01-01", "1999-12-31", "2000-01-01", "2000-02-29", "2004-12-31", "2005-01-01", "2008-12-29", "2010-01-03", "2016-02-29", "2020-12-31", "2021-01-03", "2024-07-14", "2026-12-28"];
  for (const day of days) {
    test(`${day} as date(1) writes it`, () => {
      for (const time of ["00:00:00", "09:05:07", "12:00:00", "23:59:59"]) {
        const seconds = Date.parse(`${day}T${time}Z`) / 1000;
        assert.deepEqual(formatTime(format, BigInt(seconds) * second).split("|"), reference(format, seconds).split("|"));
      }
    });
  }

  const rows: readonly (readonly [string, bigint, string])[] = [
    ["%f", 123_456_789n, "123456"],
    ["%k", 123_456_789n, "123456789"],
    ["%l", 123_456_789n, "123"],
    ["%f %k %l", 1_000n, "000001 000001000 000"],
    ["%H:%M:%S.%k", second - 1n, "00:00:00.999999999"],
    ["%Z", 0n, "UTC"],
    ["100%", 0n, "100%"],
    ["%q", 0n, "%q"],
    ["%%H", 0n, "%H"],
    ["", 0n, ""],
  ];
  for (const [pattern, nanoseconds, expected] of rows) {
    test(`${JSON.stringify(pattern)} at ${nanoseconds} ns is ${JSON.stringify(expected)}`, () => {
      assert.equal(formatTime(pattern, nanoseconds), expected);
    });
  }
});

test("times are local, on both sides of a change to daylight saving", () => {
  const winter = BigInt(Date.parse("2024-01-15T12:00:00Z") / 1000) * second;
  const summer = BigInt(Date.parse("2024-07-15T12:00:00Z") / 1000) * second;
  inZone("America/New_York", () => {
    assert.equal(formatTime("%F %T %z %Z", winter), "2024-01-15 07:00:00 -0500 EST");
    assert.equal(formatTime("%F %T %z %Z", summer), "2024-07-15 08:00:00 -0400 EDT");
  });
  inZone("Asia/Kolkata", () => {
    assert.equal(formatTime("%H:%M %z", winter), "17:30 +0530");
  });
});
