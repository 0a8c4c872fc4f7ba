// Files that a run writes besides its output: made when the script that names them starts, closed at its end.

import { closeSync, openSync, writeSync } from "node:fs";
import { errnoOf, SystemError } from "../sys/system-error.ts";

export class CreatedFiles {
  private readonly open = new Map<string, number>();

  /** Makes a file that begins with `header`, once for each path; gives what adds bytes to it. */
  create(path: string, header: Uint8Array): (bytes: Uint8Array) => void {
    const known = this.open.get(path);
    const fd = known ?? this.make(path);
    const write = (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    };
    if (known === undefined) write(header);
    return write;
  }

  private make(path: string): number {
    try {
      const fd = openSync(path, "w");
      this.open.set(path, fd);
      return fd;
    } catch (problem) {
      throw new SystemError("create", path, errnoOf(problem));
    }
  }

  close(): void {
    for (const fd of this.open.values()) closeSync(fd);
    this.open.clear();
  }
}
