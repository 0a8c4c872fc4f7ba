// The ring buffer reader on a real ring buffer: order, wrapping, limits, waiting, and a full ring.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeInstructions } from "../bpf/encode.ts";
import { helpers } from "../bpf/helpers.ts";
import { type BpfInstruction, pseudo } from "../bpf/instruction.ts";
import { createMap, loadProgram, testRun } from "./bpf.ts";
import { closeFd } from "./memory.ts";
import { RingBufferReader } from "./ring-buffer.ts";

const ringSize = 4096;
/** Header and a number. */
const recordSize = 16;
const capacity = ringSize / recordSize;
const rawTracepoint = 17;

function immediate(register: number, value: number): BpfInstruction {
  return { op: "alu", operation: "mov", width: 64, register, source: { kind: "immediate", value } };
}

function copy(register: number, from: number): BpfInstruction {
  return { op: "alu", operation: "mov", width: 64, register, source: { kind: "register", register: from } };
}

/** Sends the number of its run; every fourth record is discarded by the program itself. */
function senderCode(ring: number, counter: number): readonly BpfInstruction[] {
  return [
    { op: "load-immediate", register: 1, pseudo: pseudo.mapValue, value: BigInt(counter) },
    immediate(6, 1),
    { op: "atomic", operation: "add", fetch: true, size: 8, base: 1, offset: 0, from: 6 },
    { op: "load-immediate", register: 1, pseudo: pseudo.mapFd, value: BigInt(ring) },
    immediate(2, 8),
    immediate(3, 0),
    { op: "call", kind: "helper", target: helpers.ringbufReserve.id, module: 0 },
    { op: "branch", condition: "eq", width: 64, left: 0, right: { kind: "immediate", value: 0 }, offset: 8 },
    { op: "store", size: 8, base: 0, offset: 0, source: { kind: "register", register: 6 } },
    copy(1, 0),
    immediate(2, 0),
    { op: "alu", operation: "and", width: 64, register: 6, source: { kind: "immediate", value: 3 } },
    { op: "branch", condition: "eq", width: 64, left: 6, right: { kind: "immediate", value: 3 }, offset: 2 },
    { op: "call", kind: "helper", target: helpers.ringbufSubmit.id, module: 0 },
    { op: "jump", long: false, offset: 1 },
    { op: "call", kind: "helper", target: helpers.ringbufDiscard.id, module: 0 },
    immediate(0, 0),
    { op: "exit" },
  ];
}

interface Sender {
  readonly reader: RingBufferReader;
  send(count: number): void;
  /** Numbers that the reader should get of those before `end`, from `start`. */
  expected(start: number, end: number): readonly number[];
}

function withSender(run: (sender: Sender) => void | Promise<void>): Promise<void> {
  const ring = createMap({ name: "ring", type: 27, keySize: 0, valueSize: 0, maxEntries: ringSize, flags: 0 });
  const counter = createMap({ name: "counter", type: 2, keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 });
  const nothing = new Uint8Array(0);
  const program = loadProgram({
    name: "sender",
    type: rawTracepoint,
    expectedAttach: 0,
    code: encodeInstructions(senderCode(ring, counter)),
    license: "GPL",
    attachBtfId: 0,
    attachBtfFd: 0,
    btfFd: 0,
    functionInfo: nothing,
    lineInfo: nothing,
    kernelVersion: 0,
    logLevel: 1,
    logSize: 65536,
  });
  assert.ok(program.ok, program.log);
  const reader = new RingBufferReader(ring, ringSize);
  const send = (count: number) => {
    for (let i = 0; i < count; i++) testRun(program.fd, "sender");
  };
  const expected = (start: number, end: number) =>
    Array.from({ length: end - start }, (_, i) => start + i).filter((n) => n % 4 !== 3);
  return Promise.resolve(run({ reader, send, expected })).finally(() => {
    reader.close();
    for (const fd of [program.fd, ring, counter]) closeFd(fd);
  });
}

/** Drains numbers until one is refused. */
function takeAll(reader: RingBufferReader, into: number[], accept: (n: number) => boolean = () => true): ReturnType<RingBufferReader["drain"]> {
  return reader.drain(({ words }, at, length) => {
    assert.equal(length, 8);
    const value = words[at >>> 2] ?? 0;
    into.push(value);
    return accept(value);
  });
}

test("records come in order, again and again around the ring; discarded ones do not", () =>
  withSender(({ reader, send, expected }) => {
    const got: number[] = [];
    for (let round = 0; round < 8; round++) {
      send(200);
      assert.deepEqual(takeAll(reader, got), { count: 200, more: false });
    }
    assert.deepEqual(got, expected(0, 1600));
  }));

test("a full ring keeps its oldest records, and takes more when they are read", () =>
  withSender(({ reader, send, expected }) => {
    send(capacity + 50);
    const got: number[] = [];
    takeAll(reader, got);
    const held = expected(0, capacity);
    assert.deepEqual(got.slice(0, held.length - 1), held.slice(0, -1));
    assert.ok(got.length <= held.length);
    send(4);
    takeAll(reader, got);
    assert.ok(expected(capacity + 50, capacity + 54).every((n) => got.includes(n)));
  }));

test("a handler that takes no more, and the limit of a drain, leave the rest for later", () =>
  withSender(({ reader, send, expected }) => {
    send(100);
    const got: number[] = [];
    assert.equal(takeAll(reader, got, (n) => n < 10).more, true);
    assert.deepEqual(got, expected(0, 11));
    const limited = reader.drain(({ words }, at) => {
      got.push(words[at >>> 2] ?? 0);
      return true;
    }, 9);
    assert.deepEqual(limited, { count: 9, more: true });
    assert.equal(takeAll(reader, got).more, false);
    assert.deepEqual(got, expected(0, 100));
  }));

test("a waiting reader is called for few and for many records, and not while it is paused", () =>
  withSender(async ({ reader, send, expected }) => {
    const got: number[] = [];
    const nothing: () => void = () => undefined;
    const state = { wake: nothing, over: 0 };
    reader.start(() => {
      const drained = takeAll(reader, got);
      if (got.length >= state.over) state.wake();
      return drained;
    });
    const reached = (end: number) =>
      new Promise<void>((resolve) => {
        state.over = expected(0, end).length;
        if (got.length >= state.over) resolve();
        else state.wake = resolve;
      });
    send(1);
    await reached(1);
    for (let round = 1; round <= 5; round++) {
      send(200);
      await reached(1 + 200 * round);
    }
    let goOn: () => void = () => undefined;
    reader.pauseUntil(
      new Promise((resolve) => {
        goOn = resolve;
      }),
    );
    send(10);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(got.length, expected(0, 1001).length);
    goOn();
    await reached(1011);
    assert.deepEqual(got, expected(0, 1011));
    reader.stop();
  }));
