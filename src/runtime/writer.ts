// Program output: bytes collected in a buffer, written by line, when full, or at once. When the reader is slow they wait
// here without stopping the thread; whoever makes more looks at `full` first.

import { ByteBuffer } from "../output/byte-buffer.ts";
import { errors, OutputFile } from "../sys/output-file.ts";
import { SystemError } from "../sys/system-error.ts";

export type Buffering = "line" | "full" | "none";

const flushAt = 128 * 1024;

export class OutputWriter {
  /** What is not written yet; whoever adds to it calls `written`. */
  readonly buffer = new ByteBuffer();
  private readonly file: OutputFile;
  private readonly buffering: Buffering;
  /** Resolves when there was room and more has been written. */
  private waiting: Promise<void> | undefined;
  private failure: SystemError | undefined;
  private broken = false;

  constructor(fd: number, buffering: Buffering) {
    this.file = new OutputFile(fd);
    this.buffering = buffering;
  }

  /** Nobody reads the output any more; what is written is dropped. */
  get abandoned(): boolean {
    return this.broken;
  }

  /** More should wait until `ready`. */
  get full(): boolean {
    return this.waiting !== undefined && this.buffer.length >= flushAt;
  }

  /** Adds a byte string. */
  write(bytes: string): void {
    this.buffer.append(bytes);
    this.written();
  }

  written(): void {
    if (this.buffer.length >= flushAt || this.buffering === "none") this.flush();
  }

  /** Writes what a burst of events left behind, unless the whole buffer is waited for. */
  endOfBurst(): void {
    if (this.buffering !== "full") this.flush();
  }

  /** Writes what the file takes now. Throws SystemError when it can't be written at all. */
  flush(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.waiting === undefined) this.push();
    if (this.failure !== undefined) throw this.failure;
  }

  private push(): void {
    const { buffer } = this;
    let done = 0;
    while (done < buffer.length && !this.broken && this.failure === undefined) {
      const count = this.file.write(done === 0 ? buffer.bytes : buffer.bytes.subarray(done), buffer.length - done);
      if (count >= 0) done += count;
      else if (count === -errors.brokenPipe) this.broken = true;
      else if (count === -errors.tryAgain) {
        buffer.drop(done);
        this.waiting = this.pushLater();
        return;
      } else this.failure = new SystemError("write", "the output", -count);
    }
    buffer.length = 0;
  }

  private async pushLater(): Promise<void> {
    await this.file.writable();
    this.waiting = undefined;
    this.push();
  }

  /** Resolves when the reader has taken something, at once if nothing waits. */
  ready(): Promise<void> {
    return this.waiting ?? Promise.resolve();
  }

  /** Writes everything, however long the reader takes. */
  async finish(): Promise<void> {
    this.flush();
    while (this.waiting !== undefined) await this.waiting;
    this.flush();
    this.file.close();
  }
}
