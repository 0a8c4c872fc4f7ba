// The library: compile() and trace(); the command line takes the same path.

export { compile, trace, CompileError, type CompileOptions, type Trace, type TraceOptions } from "./library/trace.ts";
export type { ScriptResult } from "./library/compile.ts";
export type { TraceEvent } from "./library/trace-event.ts";
export type { CompiledProbe, CompiledProgram, MapSpec, UserMapSpec } from "./compile/compiled-program.ts";
export type { Diagnostic, DiagnosticPart, Severity } from "./source/diagnostic.ts";
export { renderDiagnostic } from "./source/render.ts";
export type { SourcePlace } from "./define/action.ts";
export type { Histogram, HistogramRow, MapSnapshot, Value } from "./output/value.ts";
export { renderMapText, renderText, type TextOptions } from "./output/text.ts";
export { VerifierRejection } from "./loader/load.ts";
export { AttachFailure } from "./runtime/session.ts";
export { SystemError } from "./sys/system-error.ts";
