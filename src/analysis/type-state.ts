// What inference knows so far: types of expressions, variables, maps. Types only widen, so rounds of inference end.

import { present } from "../base/invariant.ts";
import type { VariableSymbol } from "../define/analysed.ts";
import type { Literal } from "../define/literal.ts";
import type { Span } from "../source/source.ts";
import type { Expression, MapDeclaration, TypeExpression } from "../syntax/ast.ts";
import { mergeTypes } from "../types/convert.ts";
import { sameType, type Type } from "../types/type.ts";

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
    const known = this.variableTypes.get(symbol);
    if (this.declared.has(symbol)) return true;
    const merged = known === undefined ? type : mergeTypes(known, type, flexible);
    if (merged === undefined) return false;
    if (known === undefined || !sameType(known, merged)) {
      this.variableTypes.set(symbol, merged);
      this.changed = true;
    }
    return true;
  }

  widenMapValue(name: string, type: Type, flexible: boolean): boolean {
    const map = this.map(name);
    const merged = map.value === undefined ? type : mergeTypes(map.value, type, flexible);
    if (merged === undefined) return false;
    if (map.value === undefined || !sameType(map.value, merged)) {
      map.value = merged;
      this.changed = true;
    }
    return true;
  }

  widenMapKey(name: string, type: Type, flexible: boolean): boolean {
    const map = this.map(name);
    const merged = map.key === undefined ? type : mergeTypes(map.key, type, flexible);
    if (merged === undefined) return false;
    if (map.key === undefined || !sameType(map.key, merged)) {
      map.key = merged;
      this.changed = true;
    }
    return true;
  }

  /** The type of an expression that must be known by now. */
  typeOf(expression: Expression): Type {
    return present(this.types.get(expression), `type of ${expression.kind}`);
  }
}
