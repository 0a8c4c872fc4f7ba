// For tests: options of a script as a command line without any gives them.

import type { ScriptOptions } from "../../src/library/compile.ts";

export const plainOptions: ScriptOptions = {
  unsafe: false,
  pid: undefined,
  sharedPrograms: true,
  positional: [],
  named: new Map(),
  environment: {},
  includePaths: [],
  includes: [],
  disabledFeatures: [],
  plainLoads: true,
  warningLevel: 1,
  observe: false,
  stage: undefined,
};
