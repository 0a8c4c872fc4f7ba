// Medians and tables: text whose columns line up, which is Markdown as well.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median of a figure, or why there is none. */
export function figure(results, pick, show) {
  const [first] = results;
  if (first === undefined) return "-";
  if (first.status !== 0) return reasonOf(first);
  return show(median(results.map(pick)));
}

/** First figure by the second one. */
export function ratio(ours, peers, pick) {
  if (ours[0]?.status !== 0 || peers[0]?.status !== 0) return "-";
  const value = median(ours.map(pick)) / median(peers.map(pick));
  return value < 0.1 ? value.toFixed(3) : value.toFixed(2);
}

function reasonOf({ status, stderr }) {
  if (typeof status === "string") return status;
  const line = stderr.split("\n").find((text) => /error/i.test(text)) ?? stderr.split("\n")[0] ?? "";
  return `refused: ${line.replace(/^.*?error:?\s*/i, "").slice(0, 60)}`;
}

export const milliseconds = (seconds) => `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
export const mebibytes = (value) => `${value.toFixed(0)} MiB`;
export const nanoseconds = (value) => `${value.toFixed(0)} ns`;
export const count = (value) => value.toLocaleString("en-US");

export function renderTable(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  const [first, ...others] = cells;
  return [line(first), rule, ...others.map(line)].join("\n");
}
