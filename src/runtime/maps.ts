// The script's maps as user space sees them: snapshots in printing order, clearing, zeroing.

import { present } from "../base/invariant.ts";
import type { UserMapSpec } from "../compile/compiled-program.ts";
import type { AggregateState, BucketStates } from "../define/aggregation.ts";
import { scalarValueOffset } from "../define/internal-names.ts";
import { arrangeEntries } from "../output/order.ts";
import type { MapSnapshot, Value } from "../output/value.ts";
import { deleteElement, lookupAll, lookupElement, mapKeys, updateElement } from "../sys/bpf.ts";
import { alignUp, type Type } from "../types/type.ts";
import { decodeValue, type Decoder } from "./decode.ts";

interface Entry {
  readonly key: Value | undefined;
  readonly value: Value;
  readonly rank: bigint | undefined;
}

export class UserMaps {
  private readonly specs: ReadonlyMap<string, UserMapSpec>;
  private readonly fds: ReadonlyMap<string, number>;
  private readonly decoder: Decoder;
  private readonly cpus: number;
  /** Histograms that were cleared to zero are printed empty. */
  private readonly zeroed = new Set<string>();

  constructor(specs: readonly UserMapSpec[], fds: ReadonlyMap<string, number>, decoder: Decoder, possibleCpus: number) {
    this.specs = new Map(specs.map((spec) => [spec.map.name, spec]));
    this.fds = fds;
    this.decoder = decoder;
    this.cpus = possibleCpus;
  }

  /** Names in the order in which they are printed at the end. */
  names(): readonly string[] {
    return [...this.specs.keys()].sort();
  }

  private spec(name: string): UserMapSpec {
    return present(this.specs.get(name), `map ${name}`);
  }

  private fd(spec: UserMapSpec): number {
    return present(this.fds.get(spec.storage), `map ${spec.storage}`);
  }

  /** Bytes of one element as bpf(2) gives them: per-CPU values stand one after the other, padded to 8. */
  private rawSize(spec: UserMapSpec): number {
    return spec.perCpu ? alignUp(spec.valueSize, 8) * this.cpus : spec.valueSize;
  }

  snapshot(name: string, top: number, div: number): MapSnapshot {
    const spec = this.spec(name);
    const entries = arrangeEntries(this.aligned(spec, this.read(spec, BigInt(div))), spec.map.scalar ? 0 : top);
    const shape = spec.map.aggregation?.shape ?? "plain";
    return { name, scalar: spec.map.scalar, shape, entries };
  }

  /** Elements as they are shown together. */
  private aligned(spec: UserMapSpec, entries: readonly Entry[]): readonly Entry[] {
    const { value: type, aggregation } = spec.map;
    if (type.kind !== "aggregate" || aggregation === undefined) return entries;
    const values = aggregation.align(type, entries.map((entry) => entry.value));
    return entries.map((entry, i) => ({ ...entry, value: values[i] ?? entry.value }));
  }

  private read(spec: UserMapSpec, div: bigint): readonly Entry[] {
    switch (spec.layout) {
      case "scalar":
        return this.readScalar(spec, div);
      case "scalar-buckets":
        return this.readScalarBuckets(spec, div);
      case "keyed":
        return this.readKeyed(spec, div);
      case "keyed-buckets":
        return this.readKeyedBuckets(spec, div);
    }
  }

  private readScalar(spec: UserMapSpec, div: bigint): readonly Entry[] {
    const raw = lookupElement(this.fd(spec), new Uint8Array(4), this.rawSize(spec));
    if (raw === undefined) return [];
    const states = this.states(spec, viewOf(raw), 0);
    if (!states.some(({ bytes, at }) => bytes.getBigUint64(at, true) !== 0n)) return [];
    const moved = states.map(({ bytes, at }) => ({ bytes, at: at + scalarValueOffset }));
    return [{ key: undefined, ...this.value(spec, moved, div) }];
  }

  private readKeyed(spec: UserMapSpec, div: bigint): readonly Entry[] {
    const size = this.rawSize(spec);
    const entries: Entry[] = [];
    for (const { count, keys, values } of lookupAll(this.fd(spec), spec.keySize, size)) {
      for (let i = 0; i < count; i++) {
        const key = decodeValue(this.decoder, keys, i * spec.keySize, spec.map.key);
        const { value, rank } = this.value(spec, this.states(spec, values, i * size), div);
        entries.push({ key, value, rank });
      }
    }
    return entries;
  }

  /** The states of an element on all CPUs. */
  private states(spec: UserMapSpec, bytes: DataView, start: number): readonly AggregateState[] {
    const step = alignUp(spec.valueSize, 8);
    const states: AggregateState[] = [];
    for (let cpu = 0; cpu < (spec.perCpu ? this.cpus : 1); cpu++) states.push({ bytes, at: start + cpu * step });
    return states;
  }

  private value(spec: UserMapSpec, states: readonly AggregateState[], div: bigint): { value: Value; rank: bigint | undefined } {
    const { value: type, aggregation } = spec.map;
    if (type.kind === "aggregate" && aggregation !== undefined) return aggregation.summarise(type, states, div);
    const { bytes, at } = present(states[0], "value");
    const value = decodeValue(this.decoder, bytes, at, type);
    return { value: divide(value, div), rank: rankOf(type, value) };
  }

  // ---- buckets ----------------------------------------------------------------------------------------

  private readScalarBuckets(spec: UserMapSpec, div: bigint): readonly Entry[] {
    const states = new Map<number, readonly AggregateState[]>();
    for (const { key, value } of lookupAllArray(this.fd(spec), this.rawSize(spec))) {
      if (value.some((byte) => byte !== 0)) states.set(key, this.states(spec, viewOf(value), 0));
    }
    if (states.size === 0 && !this.zeroed.has(spec.map.name)) return [];
    return [{ key: undefined, ...this.buckets(spec, states, div) }];
  }

  private readKeyedBuckets(spec: UserMapSpec, div: bigint): readonly Entry[] {
    const groups = new Map<string, { key: Value; states: Map<number, readonly AggregateState[]> }>();
    const size = this.rawSize(spec);
    const ownSize = spec.keySize - 8;
    for (const { count, keys, values } of lookupAll(this.fd(spec), spec.keySize, size)) {
      for (let i = 0; i < count; i++) {
        const start = i * spec.keySize;
        const name = Buffer.from(keys.buffer, keys.byteOffset + start, ownSize).toString("latin1");
        let group = groups.get(name);
        if (group === undefined) {
          group = { key: decodeValue(this.decoder, keys, start, spec.map.key), states: new Map() };
          groups.set(name, group);
        }
        group.states.set(Number(keys.getBigUint64(start + ownSize, true)), this.states(spec, values, i * size));
      }
    }
    return [...groups.values()].map(({ key, states }) => ({ key, ...this.buckets(spec, states, div) }));
  }

  private buckets(spec: UserMapSpec, states: BucketStates, div: bigint): { value: Value; rank: bigint } {
    const { value: type, aggregation } = spec.map;
    if (type.kind !== "aggregate") return { value: { kind: "none" }, rank: 0n };
    return present(aggregation, "aggregation").summariseBuckets(type, states, div);
  }

  // ---- changes -----------------------------------------------------------------------------------------

  clear(name: string): void {
    const spec = this.spec(name);
    const fd = this.fd(spec);
    this.zeroed.delete(name);
    if (spec.layout === "scalar" || spec.layout === "scalar-buckets") return this.overwriteArray(spec, fd, 0n);
    for (const key of [...mapKeys(fd, spec.keySize)]) deleteElement(fd, key);
  }

  zero(name: string): void {
    const spec = this.spec(name);
    const fd = this.fd(spec);
    if (spec.layout === "scalar" || spec.layout === "scalar-buckets") {
      if (this.read(spec, 0n).length === 0) return;
      this.zeroed.add(name);
      return this.overwriteArray(spec, fd, 1n);
    }
    const empty = new Uint8Array(this.rawSize(spec));
    for (const key of [...mapKeys(fd, spec.keySize)]) updateElement(fd, key, empty);
  }

  /** Sets all entries of an array map to zero; the flag of a scalar one to `flag`. */
  private overwriteArray(spec: UserMapSpec, fd: number, flag: bigint): void {
    const empty = Buffer.alloc(this.rawSize(spec));
    const step = alignUp(spec.valueSize, 8);
    if (spec.layout === "scalar") {
      for (let at = 0; at < empty.length; at += step) empty.writeBigUInt64LE(flag, at);
      return updateElement(fd, new Uint8Array(4), empty);
    }
    for (const key of [...mapKeys(fd, 4)]) updateElement(fd, key, empty);
  }
}

/** All entries of an array map. */
function* lookupAllArray(fd: number, valueSize: number): Generator<{ key: number; value: Buffer }> {
  for (const key of mapKeys(fd, 4)) {
    const value = lookupElement(fd, key, valueSize);
    if (value !== undefined) yield { key: key.readUInt32LE(0), value };
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Plain integers are ordered by value, everything else by key. */
function rankOf(type: Type, value: Value): bigint | undefined {
  if (type.kind === "int" && value.kind === "int") return value.value;
  return value.kind === "enum" ? value.value : undefined;
}

function divide(value: Value, div: bigint): Value {
  if (div <= 0n) return value;
  if (value.kind === "int") return { kind: "int", value: value.value / div };
  if (value.kind === "tuple") return { kind: "tuple", items: value.items.map((item) => divide(item, div)) };
  if (value.kind === "record") return { kind: "record", fields: value.fields.map((f) => ({ ...f, value: divide(f.value, div) })) };
  return value;
}
