// Byte strings: source text and string literals are JS strings with one character (0-255) per byte,
// so offsets and columns count bytes and any byte survives. Text becomes one at the edge, and bytes again at output.

/** Whether a text is the same as JS string and as byte string. */
function isAscii(text: string): boolean {
  return !/[^ -~\n\t]/.test(text);
}

/** UTF-8 bytes of a JS string, one character per byte. */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** A byte string as JS text; invalid UTF-8 becomes U+FFFD. */
export function fromByteString(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

/** The bytes of a byte string. */
export function byteStringToBuffer(bytes: string): Buffer {
  return Buffer.from(bytes, "latin1");
}
