// Texts of the kernel's file systems: formats of tracepoints, CPU lists, symbols, mounts of control groups.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseHierarchies } from "./cgroups.ts";
import { indexSymbols } from "./kallsyms.ts";
import { parseCpuList } from "./target.ts";
import { parseFormat } from "./tracefs.ts";

/** A format file with these fields: declaration, offset, size, sign. */
function format(...fields: readonly (readonly [string, number, number, number])[]): string {
  const lines = fields.map(([declaration, offset, size, signed]) => `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed};`);
  return ["name: some_event", "ID: 314", "format:", ...lines, "", 'print fmt: "field:%d", REC->x', ""].join("\n");
}

describe("formats of tracepoints", () => {
  const rows: readonly (readonly [string, readonly [string, number, number, number], object])[] = [
    ["an integer", ["int common_pid", 4, 4, 1], { name: "common_pid", ctype: "int", offset: 4, size: 4, signed: true, kind: "scalar", count: 1 }],
    ["several words", ["unsigned short common_type", 0, 2, 0], { name: "common_type", ctype: "unsigned short", signed: false, kind: "scalar" }],
    ["a pointer", ["const char * filename", 16, 8, 0], { name: "filename", ctype: "const char *", kind: "scalar", size: 8 }],
    ["a pointer without blank", ["void *ptr", 16, 8, 0], { name: "ptr", ctype: "void *", kind: "scalar" }],
    ["pointers to pointers", ["const char *const * argv", 24, 8, 0], { name: "argv", ctype: "const char *const *", kind: "scalar" }],
    ["characters", ["char comm[16]", 8, 16, 0], { name: "comm", ctype: "char", kind: "char-array", count: 16 }],
    ["an array of numbers", ["unsigned long args[6]", 16, 48, 0], { name: "args", ctype: "unsigned long", kind: "array", count: 6 }],
    ["an array sized by a constant", ["__u8 key[SOME_SIZE]", 16, 12, 0], { name: "key", kind: "array", count: 12 }],
    ["one of wider elements", ["__u16 key[SOME_SIZE]", 16, 12, 0], { name: "key", kind: "array", count: 6 }],
    ["text at the end", ["__data_loc char[] name", 8, 4, 0], { name: "name", ctype: "__data_loc char[]", kind: "data-loc", count: 1, size: 4 }],
    ["text relative to its field", ["__rel_loc char[] name", 8, 4, 0], { name: "name", ctype: "__rel_loc char[]", kind: "rel-loc" }],
    ["a struct", ["struct sockaddr_in addr", 8, 16, 0], { name: "addr", ctype: "struct sockaddr_in", kind: "scalar", size: 16 }],
  ];
  for (const [name, field, expected] of rows) {
    test(name, () => {
      const { id, fields } = parseFormat(format(field));
      assert.equal(id, 314);
      assert.equal(fields.length, 1);
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(Reflect.get(fields[0] ?? {}, key), value, key);
    });
  }

  test("fields come in order, other lines are no fields", () => {
    const { fields } = parseFormat(format(["int a", 8, 4, 1], ["long b", 16, 8, 1]));
    assert.deepEqual(fields.map((f) => `${f.name}@${f.offset}`), ["a@8", "b@16"]);
  });

  test("any other text is an event without fields", () => {
    for (const text of ["", "\n", "nonsense\n\tfield:;\toffset", "\tfield:int a;\toffset:x;\tsize:4;\tsigned:1;"]) {
      assert.deepEqual(parseFormat(text), { id: 0, fields: [] });
    }
  });
});

describe("lists of CPUs", () => {
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ["0", [0]],
    ["0-3\n", [0, 1, 2, 3]],
    ["0-1,4,6-7\n", [0, 1, 4, 6, 7]],
    ["\n", []],
  ];
  for (const [text, expected] of rows) {
    test(JSON.stringify(text), () => {
      assert.deepEqual(parseCpuList(text), expected);
    });
  }
});

describe("kernel symbols", () => {
  const text =
    "ffffffff81000010 T second\nffffffff81000000 T _text\nffffffff82000000 D jiffies\nffffffff81000020 t local\n" +
    "ffffffffa0000000 t driver_probe\t[driver]\n0000000000000000 T hidden\nffffffff81000020 t local_alias\n\n";
  const symbols = indexSymbols(Buffer.from(text));

  const rows: readonly (readonly [bigint, string | undefined])[] = [
    [0xffff_ffff_8100_0000n, "_text+0"],
    [0xffff_ffff_8100_000fn, "_text+15"],
    [0xffff_ffff_8100_0010n, "second+0"],
    [0xffff_ffff_a000_0100n, "driver_probe+256"],
    [0x1000n, undefined],
  ];
  for (const [address, expected] of rows) {
    test(`0x${address.toString(16)} is ${expected ?? "nothing"}`, () => {
      const found = symbols.resolve(address);
      assert.equal(found === undefined ? undefined : `${found.name}+${found.offset}`, expected);
    });
  }

  test("names have addresses, data as well", () => {
    assert.equal(symbols.address("jiffies"), 0xffff_ffff_8200_0000n);
    assert.equal(symbols.address("nothing"), undefined);
    assert.deepEqual(symbols.addresses("local"), [0xffff_ffff_8100_0020n]);
  });

  test("where addresses are hidden nothing has a name", () => {
    assert.equal(indexSymbols(Buffer.from("0000000000000000 T a\n0000000000000000 T b\n")).resolve(0x1000n), undefined);
  });
});

test("control groups: the unified hierarchy first, escaped blanks, no other file systems", () => {
  const mounts =
    "sysfs /sys sysfs rw 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n" +
    "cgroup2 /sys/fs/cgroup/my\\040unified cgroup2 rw 0 0\n";
  assert.deepEqual(parseHierarchies(mounts), [
    { name: "unified", mountPoint: "/sys/fs/cgroup/my unified" },
    { name: "cpu", mountPoint: "/sys/fs/cgroup/cpu" },
    { name: "memory", mountPoint: "/sys/fs/cgroup/memory" },
  ]);
});
