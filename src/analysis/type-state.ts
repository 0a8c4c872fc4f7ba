// What inference knows so far: types of expressions, variables, maps. Types only widen, so rounds of inference end.

import { present } from "../base/invariant.ts";
import type { VariableSymbol } from "../define/analysed.ts";
import type { Literal } from "../define/literal.ts";
import type { Span } from "../source/source.ts";
import type { Expression, MapDeclaration, TypeExpression } from "../syntax/ast.ts";
import { mergeTypes } from "../types/convert.ts";
import { none, pointerTo, sameType, type Type } from "../types/type.ts";

/** Everything known of one map of the script. */
export interface MapState {
  readonly name: string;
  key: Type | undefined;
  value: Type | undefined;
  /** First use without and with keys. */
  scalarUse: Span | undefined;
  keyedUse: Span | undefined;
  /** Some statement gives it values. */
  assigned: boolean;
  /** Changed by ++, -- or op=: an unknown type starts as int8. */
  counted: boolean;
  used: boolean;
  /** Only assigned the aggregate of another map, which is an error. */
  copied: boolean;
  readonly declaration: MapDeclaration | undefined;
}

export class TypeState {
  readonly types = new Map<Expression, Type>();
  readonly literals = new Map<Expression, Literal>();
  /** What is evaluated in place of an expression. */
  readonly replacements = new Map<Expression, Expression>();
  /** Branches taken at `comptime` conditions, for good. */
  readonly decisions = new Map<Expression, boolean>();
  /** Conditions of this round that types alone decide, with what they are so far: the first one is decided when all types have settled. */
  undecided: { readonly condition: Expression; readonly value: boolean }[] = [];
  readonly variableTypes = new Map<VariableSymbol, Type>();
  /** Variables whose declared type does not change. */
  readonly declared = new Set<VariableSymbol>();
  /** Expressions without a type in the last round. */
  readonly untyped: Expression[] = [];
  readonly typeExpressions = new Map<TypeExpression, Type>();
  readonly maps = new Map<string, MapState>();
  /** Something became wider in this round. */
  changed = false;
  /** Places whose type differs at most in what pointers lead to: the last assignment of the round decides. */
  private readonly pointers = new Map<number | string, { readonly known: Type; readonly merged: Type; set(merged: Type): void }>();

  /** The state of a map, made on first use. */
  map(name: string): MapState {
    const known = this.maps.get(name);
    if (known !== undefined) return known;
    return this.declareMap(name, undefined);
  }

  declareMap(name: string, declaration: MapDeclaration | undefined): MapState {
    const state: MapState = {
      name,
      key: undefined,
      value: undefined,
      scalarUse: undefined,
      keyedUse: undefined,
      assigned: false,
      counted: false,
      used: false,
      copied: false,
      declaration,
    };
    this.maps.set(name, state);
    return state;
  }

  /** Widens a variable's type; false when the types do not go together. */
  widenVariable(symbol: VariableSymbol, type: Type, flexible: boolean): boolean {
    if (this.declared.has(symbol)) return true;
    const known = this.variableTypes.get(symbol);
    return this.widen(symbol.id, known, type, flexible, (merged) => this.variableTypes.set(symbol, merged));
  }

  widenMapValue(name: string, type: Type, flexible: boolean): boolean {
    const map = this.map(name);
    return this.widen(`value of ${name}`, map.value, type, flexible, (merged) => {
      map.value = merged;
    });
  }

  widenMapKey(name: string, type: Type, flexible: boolean): boolean {
    const map = this.map(name);
    return this.widen(`key of ${name}`, map.key, type, flexible, (merged) => {
      map.key = merged;
    });
  }

  private widen(
    place: number | string,
    known: Type | undefined,
    type: Type,
    flexible: boolean,
    set: (merged: Type) => void,
  ): boolean {
    const merged = known === undefined ? type : mergeTypes(known, type, flexible);
    if (merged === undefined) return false;
    if (known !== undefined && sameShape(known, merged)) {
      this.pointers.set(place, { known, merged, set });
      return true;
    }
    this.pointers.delete(place);
    set(merged);
    this.changed = true;
    return true;
  }

  /** Ends a round: of several pointer types in one place the last one of the program counts, everywhere. */
  settlePointers(): void {
    for (const { known, merged, set } of this.pointers.values()) {
      if (sameType(known, merged)) continue;
      set(merged);
      this.changed = true;
    }
    this.pointers.clear();
  }

  /** The type of an expression that must be known by now. */
  typeOf(expression: Expression): Type {
    return present(this.types.get(expression), `type of ${expression.kind}`);
  }
}

/** Equal but for what pointers lead to. */
function sameShape(a: Type, b: Type): boolean {
  return sameType(withoutTargets(a), withoutTargets(b));
}

function withoutTargets(type: Type): Type {
  switch (type.kind) {
    case "pointer":
      return pointerTo(none, "none");
    case "tuple":
      return { kind: "tuple", elements: type.elements.map(withoutTargets) };
    case "record":
      return { kind: "record", fields: type.fields.map(({ name, type: field }) => ({ name, type: withoutTargets(field) })) };
    default:
      return type;
  }
}
