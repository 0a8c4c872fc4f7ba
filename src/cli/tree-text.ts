// Plain data as an indented tree, one node a line, places left out: how -d shows syntax trees.

/** Properties that every node has for messages only. */
const places = /^(span|\w+Span)$/;

function isScalar(value: unknown): value is string | number | bigint | boolean | undefined | null {
  return value === null || typeof value !== "object";
}

function scalarText(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Lines of a node: its kind with its scalar properties, then its other properties one step further in. */
export function treeLines(value: unknown, label: string, indent: number): readonly string[] {
  const margin = " ".repeat(indent);
  const head = label === "" ? "" : `${label}: `;
  if (isScalar(value)) return value === undefined ? [] : [`${margin}${head}${scalarText(value)}`];
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    const items = value.flatMap((item: unknown) => treeLines(item, "", label === "" ? indent : indent + 1));
    return label === "" ? items : [`${margin}${label}`, ...items];
  }
  const properties = Object.entries(value ?? {});
  const entries = properties.filter(([key]) => key !== "kind" && !places.test(key));
  const scalars = entries.filter(([, item]) => isScalar(item) && item !== undefined);
  const kind: unknown = properties.find(([key]) => key === "kind")?.[1] ?? "";
  const words = [String(kind), ...scalars.map(([key, item]) => `${key}=${scalarText(item)}`)].filter((word) => word !== "");
  const children = entries.filter(([, item]) => !isScalar(item)).flatMap(([key, item]) => treeLines(item, key, indent + 1));
  return [`${margin}${head}${words.join(" ")}`.trimEnd(), ...children];
}
