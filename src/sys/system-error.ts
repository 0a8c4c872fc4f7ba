// Refusals of the kernel: which operation on what, the errno, and what to do about it.

import { errorTexts } from "../base/error-texts.ts";

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

/** Text of a positive errno. */
export function errnoText(errno: number): string {
  return (errno > 0 && errorTexts[errno]) || `errno ${errno}`;
}

/** Why something failed, in the system's words where it was a call of the system. */
export function reasonOf(problem: unknown): string {
  if (!(problem instanceof Error)) return String(problem);
  // Node's errors of system calls name the call; those of its zlib have an errno of another kind.
  return "syscall" in problem ? errnoText(errnoOf(problem)) : problem.message;
}

/** The positive errno of what Node or a SystemError reports; 0 where there is none. */
export function errnoOf(problem: unknown): number {
  return problem instanceof Error && "errno" in problem ? Math.abs(Number(problem.errno)) : 0;
}
