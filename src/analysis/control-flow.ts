// Where break, continue and return may stand. Looks at what the script wrote, before macros are expanded: an argument
// belongs to the caller, wherever the macro puts it.

import type { Diagnostics } from "../source/diagnostic.ts";
import type { Block, Expression, Item } from "../syntax/ast.ts";
import { walkStatements } from "./walk.ts";

type Place = "a probe" | "a macro" | "a function";

/** Reports misplaced statements of all probes and macros. */
export function checkControlFlow(items: readonly Item[], diagnostics: Diagnostics): void {
  for (const item of items) {
    switch (item.kind) {
      case "probe":
        if (item.predicate !== undefined) checkBody(item.predicate.condition, "a probe", diagnostics);
        checkBody(item.body, "a probe", diagnostics);
        break;
      case "macro":
        checkBody(item.body, "a macro", diagnostics);
        break;
      case "function":
        checkBody(item.body, "a function", diagnostics);
        break;
      case "map-declaration":
        break;
    }
  }
}

function checkBody(body: Block | Expression, place: Place, diagnostics: Diagnostics): void {
  let loops = 0;
  walkStatements(body, (statement, inside) => {
    const { kind, span } = statement;
    const loop = kind === "while" || kind === "for-range" || kind === "for-map";
    const misplaced = kind === "return" ? place === "a macro" : (kind === "break" || kind === "continue") && loops === 0;
    if (misplaced) diagnostics.error("misplaced", span, `'${kind}' statement is not allowed in ${place}`);
    if (loop) loops += 1;
    inside();
    if (loop) loops -= 1;
  });
}
