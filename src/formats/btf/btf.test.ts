// BTF: what the writer wrote is read back; the running kernel's has what every kernel has; damage is refused or harmless.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { storedSize, type StructType, type Type, typeName } from "../../types/type.ts";
import { MalformedFile } from "../malformed-file.ts";
import { checkBtf } from "./check.ts";
import { btfKinds, BtfReader } from "./reader.ts";
import { BtfTypes } from "./types.ts";
import { BtfWriter } from "./writer.ts";

// ---- a blob by hand: the writer knows only what programs need ---------------------------------------------------

/** Words of types over a table of names. */
class Blob {
  private readonly words: number[] = [];
  private text = "\0";

  name(text: string): number {
    if (text === "") return 0;
    const at = this.text.length;
    this.text += `${text}\0`;
    return at;
  }

  /** A type: name, kind, number of members, third word, further words. */
  add(name: string, kind: number, members: number, third: number, ...rest: readonly number[]): this {
    this.words.push(this.name(name), ((kind << 24) | members) >>> 0, third, ...rest);
    return this;
  }

  /** Sets the flag bit of the type that was added last, `back` words before the end. */
  flag(back: number): this {
    const at = this.words.length - back + 1;
    this.words[at] = ((this.words[at] ?? 0) | 0x8000_0000) >>> 0;
    return this;
  }

  bytes(): Uint8Array {
    const bytes = Buffer.alloc(24 + this.words.length * 4 + this.text.length);
    bytes.writeUInt16LE(0xeb9f, 0);
    bytes.writeUInt8(1, 2);
    bytes.writeUInt32LE(24, 4);
    bytes.writeUInt32LE(this.words.length * 4, 12);
    bytes.writeUInt32LE(this.words.length * 4, 16);
    bytes.writeUInt32LE(this.text.length, 20);
    for (const [i, word] of this.words.entries()) bytes.writeUInt32LE(word >>> 0, 24 + i * 4);
    bytes.write(this.text, 24 + this.words.length * 4, "latin1");
    return new Uint8Array(bytes);
  }
}

const signed = 1 << 24;
const int32Word = signed | 32;

function sample(): Blob {
  const blob = new Blob();
  blob.add("int", btfKinds.int, 0, 4, int32Word); // 1
  blob.add("char", btfKinds.int, 0, 1, signed | 8); // 2
  blob.add("unsigned long", btfKinds.int, 0, 8, 64); // 3
  blob.add("", btfKinds.array, 0, 0, 2, 3, 16); // 4: char[16]
  blob.add("", btfKinds.struct, 2, 8, 0, 1, 0, 0, 1, 32); // 5: anonymous, names are set below
  blob.add("u64", btfKinds.typedef, 0, 3); // 6
  blob.add("", btfKinds.pointer, 0, 8); // 7: pointer to 8
  const [first, comm, next, flags, low] = ["id", "comm", "next", "flags", "low"].map((name) => blob.name(name));
  blob.add("node", btfKinds.struct, 5, 48, first ?? 0, 6, 0, comm ?? 0, 4, 64, next ?? 0, 7, 192, flags ?? 0, 1, (3 << 24) | 256, low ?? 0, 1, (5 << 24) | 259).flag(18); // 8
  blob.add("color", btfKinds.enum, 2, 4, blob.name("RED"), 1, blob.name("BLUE"), 0xffff_fffb).flag(7); // 9
  blob.add("wide", btfKinds.enum64, 1, 8, blob.name("HUGE"), 5, 2); // 10
  blob.add("", btfKinds.funcProto, 2, 1, blob.name("node"), 7, blob.name("n"), 6); // 11
  blob.add("visit", btfKinds.func, 1, 11); // 12
  blob.add("user", btfKinds.typeTag, 0, 2); // 13
  blob.add("", btfKinds.pointer, 0, 13); // 14: char __user *
  blob.add("ratio", btfKinds.float, 0, 8); // 15
  blob.add("", btfKinds.const, 0, 9); // 16
  blob.add("color_t", btfKinds.typedef, 0, 16); // 17
  return blob;
}

function describeStruct(type: StructType | undefined): readonly string[] {
  return (type?.layout.fields() ?? []).map(({ name, type: field, offset, bits }) => {
    const place = bits === undefined ? `${offset}` : `${offset}[${bits.shift}+${bits.width}]`;
    return `${name} ${typeName(field)} ${place}`;
  });
}

describe("a blob made by hand", () => {
  const reader = new BtfReader(sample().bytes());
  const types = new BtfTypes(reader);

  test("types are counted and found by kind and name", () => {
    assert.equal(reader.count, 17);
    assert.equal(reader.find(btfKinds.struct, "node"), 8);
    assert.equal(reader.find(btfKinds.union, "node"), undefined);
    assert.equal(reader.name(12), "visit");
    assert.doesNotThrow(() => checkBtf(reader));
  });

  test("structs have fields at their places, bit-fields in their units", () => {
    const node = types.struct("struct", "node");
    assert.equal(node?.layout.size, 48);
    assert.deepEqual(describeStruct(node), ["id uint64 0", "comm string[16] 8", "next struct node * 24", "flags int32 32[0+3]", "low int32 32[3+5]"]);
    assert.deepEqual(types.examined.map((type) => type.layout.name), ["node"]);
  });

  test("a struct is one object however it is reached", () => {
    const node = types.struct("struct", "node");
    const next = node?.layout.fields().find((field) => field.name === "next")?.type;
    assert.ok(next?.kind === "pointer" && next.to.kind === "struct");
    assert.equal(next.to.layout, node?.layout);
  });

  test("enums keep signs, and 64 bits", () => {
    assert.deepEqual(types.enum("color")?.enumerators, [{ name: "RED", value: 1n }, { name: "BLUE", value: -5n }]);
    assert.deepEqual(types.enum("wide")?.enumerators, [{ name: "HUGE", value: (2n << 32n) | 5n }]);
    assert.equal(types.enumerator("BLUE")?.enum.name, "color");
    assert.equal(types.enumerator("PURPLE"), undefined);
  });

  test("typedefs and qualifiers are seen through", () => {
    const names = (name: string) => {
      const type = types.named(name);
      return type === undefined ? "unknown" : typeName(type);
    };
    assert.deepEqual(["u64", "int", "char", "color_t", "nothing"].map(names), ["uint64", "int32", "int8", "enum color", "unknown"]);
  });

  test("prototypes have names and types; pointers know user memory", () => {
    const prototype = types.prototype("visit");
    assert.deepEqual(prototype?.parameters.map(({ name, type }) => `${name} ${typeName(type)}`), ["node struct node *", "n uint64"]);
    assert.equal(prototype === undefined ? "" : typeName(prototype.returns), "int32");
    const user: Type = types.type(14, "kernel");
    assert.ok(user.kind === "pointer" && user.space === "user");
  });

  test("at an odd address it reads the same", () => {
    const shifted = new Uint8Array(sample().bytes().length + 1);
    shifted.set(sample().bytes(), 1);
    const again = new BtfTypes(new BtfReader(shifted.subarray(1)));
    assert.deepEqual(describeStruct(again.struct("struct", "node")), describeStruct(types.struct("struct", "node")));
  });
});

test("what the writer writes is read back", () => {
  const writer = new BtfWriter();
  const int = writer.int("int", 4, true);
  const wide = writer.int("long", 8, false);
  const pointer = writer.pointer(0);
  const prototype = writer.functionPrototype(int, [pointer, wide]);
  const id = writer.function("callback", prototype, false);
  const reader = new BtfReader(writer.bytes());
  assert.equal(reader.count, 5);
  assert.equal(reader.find(btfKinds.func, "callback"), id);
  const read = new BtfTypes(reader).prototype("callback");
  assert.deepEqual(read?.parameters.map(({ type }) => typeName(type)), ["void *", "uint64"]);
  assert.equal(read === undefined ? "" : typeName(read.returns), "int32");
});

const vmlinux = "/sys/kernel/btf/vmlinux";

describe("the running kernel", { skip: existsSync(vmlinux) ? false : "this kernel has no BTF" }, () => {
  const reader = new BtfReader(new Uint8Array(existsSync(vmlinux) ? readFileSync(vmlinux) : sample().bytes()));
  const types = new BtfTypes(reader);

  test("its types are sound", () => {
    assert.ok(reader.count > 10_000);
    assert.doesNotThrow(() => checkBtf(reader));
  });

  test("a task has a pid and a name of 16 bytes", () => {
    const task = types.struct("struct", "task_struct");
    const field = (name: string) => task?.layout.fields().find((f) => f.name === name);
    assert.equal(typeName(field("pid")?.type ?? { kind: "none" }), "int32");
    assert.equal(typeName(field("comm")?.type ?? { kind: "none" }), "string[16]");
    assert.equal(typeName(field("real_parent")?.type ?? { kind: "none" }), "struct task_struct *");
  });

  test("fields lie inside their structs", () => {
    for (const name of ["task_struct", "file", "sk_buff", "inode", "mm_struct", "net_device", "pt_regs"]) {
      const type = types.struct("struct", name);
      assert.ok(type !== undefined, name);
      for (const field of type.layout.fields()) {
        assert.ok(field.offset >= 0 && field.offset + storedSize(field.type) <= type.layout.size, `${name}.${field.name}`);
        if (field.bits !== undefined) assert.ok(field.bits.shift + field.bits.width <= storedSize(field.type) * 8, `${name}.${field.name}`);
      }
    }
  });

  test("functions and enumerators are found", () => {
    assert.deepEqual(types.prototype("vfs_read")?.parameters.map((p) => p.name), ["file", "buf", "count", "pos"]);
    assert.equal(types.enumerator("PIDTYPE_TGID")?.value, 1n);
  });

  test("enumerators that are searched for and indexed ones are the same", () => {
    const names = ["PIDTYPE_TGID", "BPF_MAP_TYPE_RINGBUF", "TCP_ESTABLISHED", "NR_ANON_MAPPED", "BPF_PROG_TYPE_KPROBE", "no_such", "pid", "HRTIMER_NORESTART"];
    const fresh = new BtfTypes(reader);
    const searched = names.map((name) => fresh.enumerator(name));
    const again = names.map((name) => fresh.enumerator(name));
    assert.deepEqual(again, searched);
    assert.deepEqual(names.filter((_, i) => searched[i] === undefined), ["no_such", "pid"]);
  });
});

describe("damage", () => {
  const whole = sample().bytes();

  test("other files and files that are cut off are refused", () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(10), Buffer.from("#!/bin/sh\n and more than 24 bytes"), whole.slice(0, 23), whole.slice(0, 60), whole.slice(0, -5)]) {
      assert.throws(() => new BtfReader(new Uint8Array(bytes)), MalformedFile);
    }
  });

  const circles: readonly (readonly [string, (blob: Blob) => Blob])[] = [
    ["a typedef of itself", (blob) => blob.add("t", btfKinds.typedef, 0, 1)],
    ["pointers in a circle", (blob) => blob.add("", btfKinds.pointer, 0, 2).add("", btfKinds.const, 0, 1)],
    ["an array of itself", (blob) => blob.add("", btfKinds.array, 0, 0, 1, 1, 4)],
    ["an anonymous struct in itself", (blob) => blob.add("s", btfKinds.struct, 1, 8, 0, 1, 0)],
    ["a type that does not exist", (blob) => blob.add("t", btfKinds.typedef, 0, 99)],
    ["a member of a type that does not exist", (blob) => blob.add("s", btfKinds.struct, 1, 8, 1, 99, 0)],
  ];
  for (const [name, make] of circles) {
    test(`${name} is refused`, () => {
      assert.throws(() => checkBtf(new BtfReader(make(new Blob()).bytes())), MalformedFile);
    });
  }

  test("any bytes are refused or read to the end", () => {
    const edit = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
        const bytes = Uint8Array.from(whole);
        for (const { at, byte } of edits) bytes[at] = byte;
        try {
          const reader = new BtfReader(bytes);
          checkBtf(reader);
          const types = new BtfTypes(reader);
          for (let id = 1; id <= reader.count; id++) {
            const type = types.type(id, "kernel");
            if (type.kind === "struct") type.layout.fields();
            typeName(type);
          }
          types.prototype("visit");
          types.enumerator("RED");
        } catch (problem) {
          if (!(problem instanceof MalformedFile)) throw problem;
        }
      }),
      { numRuns: 3000, seed: 3 },
    );
  });
});
