// Executes call frame instructions (DWARF 5 section 6.4.2): rows of a function that say where its caller's stack, return address, frame pointer
// and base register are.

import { Cursor, DwarfError } from "./cursor.ts";
import { type AddressForm, readAddressForm, type Register } from "./frame-expressions.ts";
import type { FrameEntry, FrameSection } from "./frames.ts";

/** Where the caller's value of a register is. */
export type RegisterRule =
  | { readonly kind: "undefined" }
  | { readonly kind: "same" }
  /** Saved at an address relative to the canonical frame address (CFA). */
  | { readonly kind: "saved"; readonly offset: number }
  /** Saved at an address of its own. */
  | { readonly kind: "saved-at"; readonly address: AddressForm }
  /** In another register. */
  | { readonly kind: "register"; readonly register: Register }
  /** A value that is computed: none of the rules that compilers make for these registers. */
  | { readonly kind: "computed" };

/** What holds from one address to another. */
export interface FrameRow {
  readonly start: number;
  readonly end: number;
  /** The stack pointer of the caller after its call; undefined when it is not of a known form. */
  readonly cfa: AddressForm | undefined;
  readonly framePointer: RegisterRule;
  /** Of the register that functions use when they can't tell how far the stack is aligned. */
  readonly base: RegisterRule;
  readonly returnAddress: RegisterRule;
}

const same: RegisterRule = { kind: "same" };
const notDefined: RegisterRule = { kind: "undefined" };
const computed: RegisterRule = { kind: "computed" };

/** DW_CFA: the first three have an operand in their low six bits. */
const codes = {
  advance: 0x40,
  offset: 0x80,
  restore: 0xc0,
  nop: 0x00,
  setLocation: 0x01,
  advance1: 0x02,
  advance2: 0x03,
  advance4: 0x04,
  offsetExtended: 0x05,
  restoreExtended: 0x06,
  undefined: 0x07,
  sameValue: 0x08,
  register: 0x09,
  rememberState: 0x0a,
  restoreState: 0x0b,
  defineCfa: 0x0c,
  defineCfaRegister: 0x0d,
  defineCfaOffset: 0x0e,
  defineCfaExpression: 0x0f,
  expression: 0x10,
  offsetExtendedSigned: 0x11,
  defineCfaSigned: 0x12,
  defineCfaOffsetSigned: 0x13,
  valueOffset: 0x14,
  valueOffsetSigned: 0x15,
  valueExpression: 0x16,
  gnuArgumentsSize: 0x2e,
  gnuNegativeOffset: 0x2f,
} as const;

/** DWARF numbers of the registers whose rules are of interest. */
export interface TrackedRegisters {
  readonly framePointer: Register;
  readonly base: Register;
}

interface State {
  cfa: AddressForm | undefined;
  frame: RegisterRule;
  base: RegisterRule;
  returns: RegisterRule;
}

function copyOf({ cfa, frame, base, returns }: State): State {
  return { cfa, frame, base, returns };
}

/** Gives the rows of functions one after the other. */
export class FrameInterpreter {
  private readonly section: FrameSection;
  private readonly tracked: TrackedRegisters;
  private entry: FrameEntry | undefined;
  private state: State = { cfa: undefined, frame: same, base: same, returns: notDefined };
  private initial: State = this.state;
  private readonly saved: State[] = [];
  private location = 0;

  constructor(section: FrameSection, tracked: TrackedRegisters) {
    this.section = section;
    this.tracked = tracked;
  }

  /** Calls back for each row of a function, in the order of addresses. Throws DwarfError when it is damaged. */
  rows(entry: FrameEntry, visit: (row: FrameRow) => void): void {
    const { common } = entry;
    this.entry = entry;
    this.location = entry.start;
    this.saved.length = 0;
    this.state = { cfa: undefined, frame: same, base: same, returns: same };
    this.initial = this.state;
    this.execute(common.instructions, common.end, visit);
    this.initial = copyOf(this.state);
    this.execute(entry.instructions, entry.end, visit);
    this.emit(entry.start + entry.length, visit);
  }

  private emit(end: number, visit: (row: FrameRow) => void): void {
    const { cfa, frame, base, returns } = this.state;
    if (end > this.location) visit({ start: this.location, end, cfa, framePointer: frame, base, returnAddress: returns });
    this.location = end;
  }

  private execute(from: number, to: number, visit: (row: FrameRow) => void): void {
    const entry = this.entry;
    if (entry === undefined) return;
    const { codeFactor, encoding } = entry.common;
    const cursor = new Cursor(this.section.bytes, from);
    while (cursor.at < to) {
      const code = cursor.u8();
      const low = code & 0x3f;
      switch (code & 0xc0) {
        case codes.advance:
          this.emit(this.location + low * codeFactor, visit);
          continue;
        case codes.offset:
          this.saveAt(low, cursor.uleb());
          continue;
        case codes.restore:
          this.restore(low);
          continue;
      }
      switch (code) {
        case codes.setLocation: {
          if (encoding !== 0) throw new DwarfError("an address in frame instructions can't be read");
          this.emit(Number(cursor.u64()), visit);
          break;
        }
        case codes.advance1:
          this.emit(this.location + cursor.u8() * codeFactor, visit);
          break;
        case codes.advance2:
          this.emit(this.location + cursor.u16() * codeFactor, visit);
          break;
        case codes.advance4:
          this.emit(this.location + cursor.u32() * codeFactor, visit);
          break;
        default:
          this.change(code, cursor);
      }
    }
  }

  /** Instructions that change the rules of the row. */
  private change(code: number, cursor: Cursor): void {
    const { dataFactor } = this.entry?.common ?? { dataFactor: 1 };
    const { state } = this;
    switch (code) {
      case codes.nop:
        return;
      case codes.offsetExtended:
        return this.saveAt(cursor.uleb(), cursor.uleb());
      case codes.offsetExtendedSigned:
        return this.saveAt(cursor.uleb(), Number(cursor.sleb()));
      case codes.gnuNegativeOffset:
        return this.saveAt(cursor.uleb(), -cursor.uleb());
      case codes.restoreExtended:
        return this.restore(cursor.uleb());
      case codes.undefined:
        return this.set(cursor.uleb(), notDefined);
      case codes.sameValue:
        return this.set(cursor.uleb(), same);
      case codes.register:
        return this.set(cursor.uleb(), { kind: "register", register: cursor.uleb() });
      case codes.rememberState:
        this.saved.push(copyOf(state));
        return;
      case codes.restoreState: {
        const before = this.saved.pop();
        if (before === undefined) throw new DwarfError("frame instructions restore a state that they have not saved");
        this.state = before;
        return;
      }
      case codes.defineCfa:
        state.cfa = { form: "sum", register: cursor.uleb(), offset: cursor.uleb() };
        return;
      case codes.defineCfaSigned:
        state.cfa = { form: "sum", register: cursor.uleb(), offset: Number(cursor.sleb()) * dataFactor };
        return;
      case codes.defineCfaRegister: {
        const register = cursor.uleb();
        state.cfa = state.cfa?.form === "sum" ? { form: "sum", register, offset: state.cfa.offset } : undefined;
        return;
      }
      case codes.defineCfaOffset:
        return this.setCfaOffset(cursor.uleb());
      case codes.defineCfaOffsetSigned:
        return this.setCfaOffset(Number(cursor.sleb()) * dataFactor);
      case codes.defineCfaExpression:
        state.cfa = this.expression(cursor);
        return;
      case codes.expression: {
        const register = cursor.uleb();
        const address = this.expression(cursor);
        return this.set(register, address === undefined ? computed : { kind: "saved-at", address });
      }
      case codes.valueOffset:
      case codes.valueOffsetSigned: {
        const register = cursor.uleb();
        cursor.sleb();
        return this.set(register, computed);
      }
      case codes.valueExpression: {
        const register = cursor.uleb();
        cursor.skip(cursor.uleb());
        return this.set(register, computed);
      }
      case codes.gnuArgumentsSize:
        cursor.uleb();
        return;
      default:
        throw new DwarfError(`the frame instruction 0x${code.toString(16)} is unknown`);
    }
  }

  private expression(cursor: Cursor): AddressForm | undefined {
    const length = cursor.uleb();
    const at = cursor.at;
    cursor.skip(length);
    return readAddressForm(this.section.bytes.subarray(at, at + length));
  }

  private setCfaOffset(offset: number): void {
    const { cfa } = this.state;
    this.state.cfa = cfa?.form === "sum" ? { form: "sum", register: cfa.register, offset } : undefined;
  }

  private saveAt(register: number, factored: number): void {
    const { framePointer, base } = this.tracked;
    const common = this.entry?.common;
    if (register !== framePointer && register !== base && register !== common?.returnColumn) return;
    this.set(register, { kind: "saved", offset: factored * (common?.dataFactor ?? 1) });
  }

  private restore(register: number): void {
    const { frame, base, returns } = this.initial;
    if (register === this.tracked.framePointer) this.state.frame = frame;
    else if (register === this.tracked.base) this.state.base = base;
    else if (register === this.entry?.common.returnColumn) this.state.returns = returns;
  }

  private set(register: number, rule: RegisterRule): void {
    if (register === this.tracked.framePointer) this.state.frame = rule;
    else if (register === this.tracked.base) this.state.base = rule;
    else if (register === this.entry?.common.returnColumn) this.state.returns = rule;
  }
}
