// Refusals of the kernel: which operation on what, the errno, and what to do about it.

import { constants } from "node:os";

/** The kernel or a file said no. */
export class SystemError extends Error {
  readonly operation: string;
  readonly subject: string;
  /** Positive errno. */
  readonly errno: number;
  /** What it means here or what to do about it; empty when the errno says all. */
  readonly advice: string;

  constructor(operation: string, subject: string, errno: number, advice = "") {
    super(`${operation} ${subject}: ${errnoText(errno)}${advice === "" ? "" : `. ${advice}`}`);
    this.name = "SystemError";
    this.operation = operation;
    this.subject = subject;
    this.errno = errno;
    this.advice = advice;
  }
}

const names = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));

const texts: ReadonlyMap<number, string> = new Map([
  [1, "Operation not permitted"],
  [2, "No such file or directory"],
  [3, "No such process"],
  [7, "Argument list too long"],
  [9, "Bad file descriptor"],
  [11, "Try again"],
  [12, "Out of memory"],
  [13, "Permission denied"],
  [14, "Bad address"],
  [16, "Device or resource busy"],
  [17, "File exists"],
  [19, "No such device"],
  [22, "Invalid argument"],
  [24, "Too many open files"],
  [28, "No space left on device"],
  [34, "Numerical result out of range"],
  [95, "Operation not supported"],
]);

/** Text of a positive errno. */
export function errnoText(errno: number): string {
  return texts.get(errno) ?? names.get(errno) ?? `errno ${errno}`;
}
