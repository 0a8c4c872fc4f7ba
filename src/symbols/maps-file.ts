// The lines of /proc/PID/maps (proc_pid_maps(5)) that are about code.

/** Digits as the file has them: hexadecimal, the inode's decimal. */
export interface MapsLine {
  readonly start: string;
  /** The address after the last one. */
  readonly end: string;
  /** Where in the file it begins. */
  readonly offset: string;
  readonly major: string;
  readonly minor: string;
  readonly inode: string;
  /** With escaped line feeds and the mark of a deleted file; "" for memory without a name. A byte string. */
  readonly path: string;
}

const lineForm = /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+) *(.*)$/;

/** Executable mappings in ascending order. */
export function executableLines(text: string): readonly MapsLine[] {
  return text.split("\n").flatMap((line) => {
    // Most lines are of data.
    if (line[line.indexOf(" ") + 3] !== "x") return [];
    const match = lineForm.exec(line);
    if (match === null) return [];
    const [, start = "0", end = "0", offset = "0", major = "0", minor = "0", inode = "0", path = ""] = match;
    return [{ start, end, offset, major, minor, inode, path }];
  });
}
