// bpf(2) on the running kernel: maps are created, filled, read and emptied; programs are loaded, refused and run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  createMap, deleteElement, freezeMap, loadBtf, loadProgram, lookupAll, lookupElement, type MapAttributes, mapKeys, type ProgramAttributes,
  testRun, updateElement,
} from "./bpf.ts";
import { closeFd } from "./memory.ts";
import { SystemError } from "./system-error.ts";

const mapTypes = { hash: 1, array: 2, perCpuHash: 5 } as const;
const rawTracepoint = 17;

function makeMap(more: Partial<MapAttributes>): number {
  return createMap({ name: "test", type: mapTypes.hash, keySize: 8, valueSize: 8, maxEntries: 16, flags: 0, ...more });
}

function withMap(more: Partial<MapAttributes>, use: (fd: number) => void): void {
  const fd = makeMap(more);
  try {
    use(fd);
  } finally {
    closeFd(fd);
  }
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function refused(run: () => void): number {
  try {
    run();
  } catch (error) {
    if (error instanceof SystemError) return error.errno;
    throw error;
  }
  return 0;
}

const allowed = refused(() => closeFd(makeMap({}))) === 0;
const options = { skip: allowed ? false : "bpf(2) is not permitted" };

describe("maps", options, () => {
  test("a hash gives what was put in, and nothing for other keys", () => {
    withMap({}, (fd) => {
      assert.equal(lookupElement(fd, u64(1), 8), undefined);
      updateElement(fd, u64(1), u64(10));
      updateElement(fd, u64(1), u64(11));
      assert.deepEqual(lookupElement(fd, u64(1), 8), u64(11));
      assert.equal(lookupElement(fd, u64(2), 8), undefined);
    });
  });

  test("elements are deleted once", () => {
    withMap({}, (fd) => {
      updateElement(fd, u64(1), u64(10));
      assert.equal(deleteElement(fd, u64(1)), true);
      assert.equal(deleteElement(fd, u64(1)), false);
      assert.equal(lookupElement(fd, u64(1), 8), undefined);
    });
  });

  test("a full hash refuses further keys", () => {
    withMap({ maxEntries: 2 }, (fd) => {
      updateElement(fd, u64(1), u64(1));
      updateElement(fd, u64(2), u64(2));
      assert.equal(refused(() => updateElement(fd, u64(3), u64(3))), 7);
    });
  });

  test("an array has all elements from the start, and no others", () => {
    withMap({ type: mapTypes.array, keySize: 4, maxEntries: 3 }, (fd) => {
      assert.deepEqual(lookupElement(fd, u32(2), 8), u64(0));
      assert.equal(lookupElement(fd, u32(3), 8), undefined);
      updateElement(fd, u32(1), u64(7));
      assert.deepEqual(lookupElement(fd, u32(1), 8), u64(7));
    });
  });

  test("values of other sizes than eight are exact", () => {
    withMap({ keySize: 5, valueSize: 13 }, (fd) => {
      const key = Buffer.from("abcde");
      const value = Buffer.from("thirteen byte");
      updateElement(fd, key, value);
      assert.deepEqual(lookupElement(fd, key, 13)?.subarray(0, 13), value);
    });
  });

  test("keys and pairs are enumerated, few and many", () => {
    for (const count of [0, 1, 3, 5000]) {
      withMap({ maxEntries: 6000, flags: 1 }, (fd) => {
        for (let i = 0; i < count; i++) updateElement(fd, u64(i), u64(i * 2));
        const keys = [...mapKeys(fd, 8)].map((key) => Number(key.readBigUInt64LE()));
        assert.deepEqual(keys.sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
        const pairs = new Map(lookupAll(fd, 8, 8).flatMap(({ count, keys, values }) =>
          Array.from({ length: count }, (_, i) => [Number(keys.getBigUint64(8 * i, true)), Number(values.getBigUint64(8 * i, true))] as const)));
        assert.equal(pairs.size, count);
        for (const [key, value] of pairs) assert.equal(value, key * 2);
      });
    }
  });

  test("a per-CPU hash has a value for each possible CPU", () => {
    const list = readFileSync("/sys/devices/system/cpu/possible", "latin1").trim();
    const cpus = list.split(",").reduce((sum, part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return sum + last - first + 1;
    }, 0);
    withMap({ type: mapTypes.perCpuHash }, (fd) => {
      const values = Buffer.concat(Array.from({ length: cpus }, (_, i) => u64(100 + i)));
      updateElement(fd, u64(1), values);
      assert.deepEqual(lookupElement(fd, u64(1), 8 * cpus), values);
    });
  });

  test("a frozen map is no longer written", () => {
    withMap({ type: mapTypes.array, keySize: 4, maxEntries: 1 }, (fd) => {
      freezeMap(fd);
      assert.equal(refused(() => updateElement(fd, u32(0), u64(1))), 1);
    });
  });

  const impossible: readonly (readonly [string, Partial<MapAttributes>, readonly number[]])[] = [
    ["an unknown type", { type: 9999 }, [22, 7]],
    ["no entries", { maxEntries: 0 }, [22]],
    ["an array with keys of eight bytes", { type: mapTypes.array }, [22]],
  ];
  for (const [name, attributes, errnos] of impossible) {
    test(`${name} is refused`, () => {
      assert.ok(errnos.includes(refused(() => closeFd(makeMap(attributes)))));
    });
  }

  test("what is no map is said so", () => {
    assert.equal(refused(() => updateElement(-1, u64(1), u64(1))), 9);
  });
});

/** mov r0, number; exit */
function returning(number: number): Buffer {
  const code = Buffer.alloc(16);
  code.writeUInt8(0xb7, 0);
  code.writeInt32LE(number, 4);
  code.writeUInt8(0x95, 8);
  return code;
}

function program(code: Uint8Array): ProgramAttributes {
  return {
    name: "test", type: rawTracepoint, expectedAttach: 0, code, license: "GPL", attachBtfId: 0, btfFd: 0, functionInfo: new Uint8Array(0),
    lineInfo: new Uint8Array(0), kernelVersion: 0, logLevel: 1, logSize: 65_536,
  };
}

describe("programs", options, () => {
  test("a program is loaded and runs", () => {
    const result = loadProgram(program(returning(42)));
    assert.ok(result.ok, result.log);
    try {
      assert.equal(testRun(result.fd, "test"), 42);
    } finally {
      closeFd(result.fd);
    }
  });

  test("a refused program comes with the reason", () => {
    const result = loadProgram(program(returning(42).subarray(0, 8)));
    assert.equal(result.ok, false);
    assert.notEqual(result.log, "");
  });

  test("code that is none is refused", () => {
    const result = loadProgram(program(Buffer.alloc(8, 0xff)));
    assert.equal(result.ok, false);
  });

  test("damaged type information is refused by number", () => {
    assert.ok(loadBtf(Buffer.from("no type information at all")) < 0);
  });
});
