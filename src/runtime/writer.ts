// Program output: collected bytes, written by line, when full, or at once.

import { writeSync } from "node:fs";

export type Buffering = "line" | "full" | "none";

const flushAt = 64 * 1024;

export class OutputWriter {
  private readonly fd: number;
  private readonly buffering: Buffering;
  private readonly pieces: string[] = [];
  private size = 0;

  constructor(fd: number, buffering: Buffering) {
    this.fd = fd;
    this.buffering = buffering;
  }

  /** Adds a byte string. */
  write(bytes: string): void {
    this.pieces.push(bytes);
    this.size += bytes.length;
    if (this.size >= flushAt || this.buffering === "none") this.flush();
  }

  /** Writes what a burst of events left behind, unless the whole buffer is waited for. */
  endOfBurst(): void {
    if (this.buffering !== "full") this.flush();
  }

  flush(): void {
    if (this.size === 0) return;
    const bytes = Buffer.from(this.pieces.join(""), "latin1");
    this.pieces.length = 0;
    this.size = 0;
    for (let at = 0; at < bytes.length; ) at += writeAll(this.fd, bytes, at);
  }
}

/** Writes once; a pipe that is full for the moment is tried again. */
function writeAll(fd: number, bytes: Buffer, at: number): number {
  for (;;) {
    try {
      return writeSync(fd, bytes, at);
    } catch (problem) {
      const code = problem instanceof Error && "code" in problem ? problem.code : undefined;
      if (code !== "EAGAIN") throw problem;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
