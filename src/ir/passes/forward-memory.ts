// Load and store forwarding within a block: a load of what was just stored or loaded takes the value, and a store that is overwritten
// before anyone can have read it goes away.
// Needs: blocks in reverse postorder. Guarantees: nothing beyond equal meaning. Alias rules: slots differ from each other and from all other memory;
// map values and other memory may be the same; a call that writes may have changed what it can reach.

import { present } from "../../base/invariant.ts";
import { helperById, helpers, readOnlyCast } from "../../bpf/helpers.ts";
import { forEachOperand, targetsOf } from "../graph.ts";
import type { Block, Instruction, IrFunction, Value } from "../model.ts";
import { definitionsOf, mapOperands, Replacements } from "../rewrite.ts";

type Access = Instruction & { op: "load" | "store" | "atomic-add" };

/** Memory by what may be the same: a slot, memory (map values, records), kernel memory, the context. */
interface Place {
  /** `slot N` for a known slot; otherwise the kind. */
  readonly area: string;
  /** What the offset counts from. */
  readonly base: string;
  readonly offset: number;
  readonly size: number;
}

type Address = Pick<Place, "area" | "base" | "offset">;

interface Content {
  readonly place: Place;
  /** As a load of this size would give it, or what was stored (its upper bits may have to be cleared). */
  readonly value: Value;
  readonly stored: boolean;
}

/** Returns whether it found anything to do. */
export function forwardMemory(fn: IrFunction): boolean {
  return new Forwarding(fn).run();
}

class Forwarding {
  private readonly order: readonly Block[];
  private readonly definitions: (Instruction | undefined)[];
  private readonly addresses: (Address | undefined)[];
  private readonly escaped: ReadonlySet<string>;
  private readonly replacements: Replacements;
  /** By area, then by base, offset and size. */
  private readonly contents = new Map<string, Map<string, Content>>();
  /** Stores to slots that nothing has read yet, by area: indices into `output`. */
  private readonly unread = new Map<string, Map<number, Place>>();
  private output: (Instruction | undefined)[] = [];
  private changed = false;

  constructor(fn: IrFunction) {
    this.order = fn.blocks;
    this.replacements = new Replacements(fn);
    this.definitions = definitionsOf(fn);
    this.addresses = new Array<Address | undefined>(fn.nextValue).fill(undefined);
    this.escaped = escapedSlots(this.order, this.definitions);
  }

  run(): boolean {
    for (const block of this.order) {
      this.contents.clear();
      this.unread.clear();
      this.output = [];
      const { instructions } = block;
      for (let index = 0; index < instructions.length; index += 1) {
        this.instruction(mapOperands(present(instructions[index], "instruction"), this.replacements.find));
      }
      block.instructions = this.output.filter((i) => i !== undefined);
    }
    this.replacements.apply(this.order);
    return this.changed;
  }

  private instruction(i: Instruction): void {
    switch (i.op) {
      case "load":
        this.load(i);
        return;
      case "store":
        this.store(i);
        return;
      case "atomic-add": {
        const place = this.placeOf(i);
        this.reads(place);
        this.forget(place);
        break;
      }
      case "call":
      case "call-function":
      case "call-kfunc":
        if (i.op !== "call-kfunc" || i.name !== readOnlyCast) this.call(i);
    }
    this.output.push(i);
  }

  private placeOf(i: Access): Place {
    const { area, base, offset } = this.addressOf(i.address);
    return { area, base, offset: offset + i.offset, size: i.size };
  }

  private addressOf(value: Value): Address {
    let address = this.addresses[value.id];
    if (address === undefined) {
      address = addressOf(value, this.definitions);
      this.addresses[value.id] = address;
    }
    return address;
  }

  private load(i: Instruction & { op: "load" }): void {
    const place = this.placeOf(i);
    const content = this.contents.get(place.area)?.get(keyOf(place));
    if (content !== undefined && content.value.type === i.result.type && (!content.stored || i.size === 8)) {
      this.replacements.set(i.result, content.value);
      this.changed = true;
      return;
    }
    if (content?.value.type === "int" && i.result.type === "int" && i.size !== 8) {
      const bits = i.size === 1 ? 8 : i.size === 2 ? 16 : 32;
      this.changed = true;
      this.output.push({ op: "extend", result: i.result, bits, signed: false, operand: content.value, span: i.span });
      this.remember({ place, value: i.result, stored: false });
      return;
    }
    this.reads(place);
    this.output.push(i);
    this.remember({ place, value: i.result, stored: false });
  }

  private store(i: Instruction & { op: "store" }): void {
    const place = this.placeOf(i);
    this.forget(place);
    this.overwrites(place);
    this.output.push(i);
    this.remember({ place, value: i.value, stored: true });
    if (place.area.startsWith("slot ")) {
      let list = this.unread.get(place.area);
      if (list === undefined) {
        list = new Map();
        this.unread.set(place.area, list);
      }
      list.set(this.output.length - 1, place);
    }
  }

  private call(i: Instruction & { op: "call" | "call-function" | "call-kfunc" }): void {
    const helper = i.op === "call" ? helperById(i.helper) : undefined;
    const writes = helper === undefined || helper.writes;
    for (const argument of i.arguments) {
      if (argument.type !== "stack") continue;
      const { area } = this.addressOf(argument);
      this.unread.delete(area);
      if (writes) this.contents.delete(area);
      if (area === "stack") this.unread.clear();
    }
    this.contents.delete("btf");
    if (helper === undefined || helper === helpers.overrideReturn) this.contents.delete("ctx");
    for (const area of this.escaped) this.unread.delete(area);
    if (!writes) return;
    this.contents.delete("memory");
    this.contents.delete("stack");
    for (const area of this.escaped) this.contents.delete(area);
  }

  private remember(content: Content): void {
    const { area } = content.place;
    let contents = this.contents.get(area);
    if (contents === undefined) {
      contents = new Map();
      this.contents.set(area, contents);
    }
    contents.set(keyOf(content.place), content);
  }

  /** A write to the place: whatever may overlap it is no longer known. */
  private forget(place: Place): void {
    if (place.area === "stack") {
      for (const area of [...this.contents.keys()]) if (area.startsWith("slot ")) this.contents.delete(area);
    } else if (place.area.startsWith("slot ")) this.contents.delete("stack");
    const contents = this.contents.get(place.area);
    if (contents === undefined) return;
    for (const [key, content] of contents) if (mayOverlap(content.place, place)) contents.delete(key);
  }

  /** A read of the place: stores to it are needed. */
  private reads(place: Place): void {
    if (place.area === "stack") this.unread.clear();
    const list = this.unread.get(place.area);
    if (list === undefined) return;
    for (const [index, stored] of list) if (mayOverlap(stored, place)) list.delete(index);
  }

  /** Earlier stores that the store covers entirely were for nothing. */
  private overwrites(place: Place): void {
    const list = this.unread.get(place.area);
    if (list === undefined) return;
    for (const [index, stored] of list) {
      const covered =
        stored.base === place.base &&
        stored.offset >= place.offset &&
        stored.offset + stored.size <= place.offset + place.size;
      if (!covered) continue;
      this.output[index] = undefined;
      this.changed = true;
      list.delete(index);
    }
  }
}

function keyOf(place: Place): string {
  return `${place.base} ${place.offset} ${place.size}`;
}

function mayOverlap(a: Place, b: Place): boolean {
  return a.base !== b.base || (a.offset < b.offset + b.size && b.offset < a.offset + a.size);
}


function addressOf(address: Value, definitions: readonly (Instruction | undefined)[]): Address {
  let at = address;
  let offset = 0;
  for (let depth = 0; depth < 8; depth += 1) {
    const definition = definitions[at.id];
    if (definition?.op !== "binary" || (definition.operation !== "add" && definition.operation !== "sub")) break;
    const constant = definitions[definition.right.id];
    if (constant?.op !== "const") break;
    const change = Number(BigInt.asIntN(64, constant.value));
    if (!Number.isSafeInteger(change)) break;
    offset += definition.operation === "add" ? change : -change;
    at = definition.left;
  }
  const definition = definitions[at.id];
  if (definition?.op === "slot-address") return { area: `slot ${definition.slot.id}`, base: "", offset };
  if (definition?.op === "map-value") {
    return { area: "memory", base: `map ${definition.map}`, offset: offset + definition.offset };
  }
  return { area: areaOf(at, definitions), base: `v${at.id}`, offset };
}

function areaOf(value: Value, definitions: readonly (Instruction | undefined)[]): string {
  if (value.type === "stack") {
    // A slot's address plus something variable still lies in that slot.
    let at = value;
    for (let depth = 0; depth < 8; depth += 1) {
      const definition = definitions[at.id];
      if (definition?.op === "slot-address") return `slot ${definition.slot.id}`;
      if (definition?.op !== "binary") break;
      at = definition.left.type === "stack" ? definition.left : definition.right;
    }
    return "stack";
  }
  return value.type === "btf" || value.type === "ctx" ? value.type : "memory";
}

/** Operations that use addresses only while they run; sums of addresses are followed. */
function borrowsAddresses({ op }: Instruction): boolean {
  return op === "load" || op === "binary" || op === "call" || op === "call-function" || op === "call-kfunc";
}

/** Slots whose address goes anywhere but into accesses and the arguments of calls. */
function escapedSlots(blocks: readonly Block[], definitions: readonly (Instruction | undefined)[]): Set<string> {
  const result = new Set<string>();
  const leak = (value: Value): void => {
    if (value.type === "stack") result.add(areaOf(value, definitions));
  };
  for (const block of blocks) {
    const { instructions } = block;
    for (let index = 0; index < instructions.length; index += 1) {
      const i = present(instructions[index], "instruction");
      if (i.op === "store" || i.op === "atomic-add") leak(i.value);
      else if (!borrowsAddresses(i)) forEachOperand(i, leak);
    }
    for (const target of targetsOf(present(block.terminator, "terminator"))) target.arguments.forEach(leak);
  }
  return result;
}
