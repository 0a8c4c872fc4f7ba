// The table of contents of the language: every builtin, aggregation, action, probe type, value type and config key.

import { createRegistry, type Registry } from "../define/registry.ts";
import { counterAggregations } from "./aggregations/counters.ts";
import { histogramAggregations } from "./aggregations/histograms.ts";
import { seriesAggregations } from "./aggregations/series.ts";
import { configDefinitions } from "./config/index.ts";
import { cgroupFunctions } from "./functions/cgroup.ts";
import { compileTimeFunctions } from "./functions/compile-time.ts";
import { controlActions, controlFunctions } from "./functions/control.ts";
import { unwindActions, unwindFunctions } from "./functions/dw-ustack/index.ts";
import { interveningFunctions } from "./functions/intervene.ts";
import { kernelObjectFunctions } from "./functions/kernel-objects.ts";
import { mapActions, mapFunctions } from "./functions/map.ts";
import { memoryFunctions } from "./functions/memory.ts";
import { networkFunctions } from "./functions/network.ts";
import { numberTextFunctions } from "./functions/number-texts.ts";
import { printActions, printFunctions } from "./functions/print.ts";
import { packetActions, packetFunctions } from "./functions/skboutput.ts";
import { stackFunctions } from "./functions/stack.ts";
import { timeFunctions } from "./functions/strftime.ts";
import { stringFunctions } from "./functions/string.ts";
import { symbolFunctions } from "./functions/symbol.ts";
import { tracePipeFunctions } from "./functions/trace-pipe.ts";
import { typePredicates } from "./functions/type-predicates.ts";
import { fentryProbes } from "./probes/fentry.ts";
import { iter } from "./probes/iter.ts";
import { kprobes } from "./probes/kprobe.ts";
import { rawTracepoint } from "./probes/raw-tracepoint.ts";
import { specialProbes } from "./probes/special.ts";
import { timerProbes } from "./probes/timer.ts";
import { tracepoint } from "./probes/tracepoint.ts";
import { usdt } from "./probes/usdt.ts";
import { uprobes } from "./probes/uprobe.ts";
import { watchpoint } from "./probes/watchpoint.ts";
import { valueTypes } from "./value-types/index.ts";
import { clockVariables } from "./variables/clock.ts";
import { eventVariables } from "./variables/event.ts";
import { nameVariables } from "./variables/comm.ts";
import { familyVariables } from "./variables/family.ts";
import { taskVariables } from "./variables/task.ts";

/** Everything that the language has. */
export function createLanguage(): Registry {
  return createRegistry({
    builtins: [
      ...taskVariables,
      ...nameVariables,
      ...familyVariables,
      ...clockVariables,
      ...eventVariables,
      ...printFunctions,
      ...controlFunctions,
      ...interveningFunctions,
      ...tracePipeFunctions,
      ...kernelObjectFunctions,
      ...packetFunctions,
      ...mapFunctions,
      ...stringFunctions,
      ...stackFunctions,
      ...unwindFunctions,
      ...symbolFunctions,
      ...timeFunctions,
      ...memoryFunctions,
      ...networkFunctions,
      ...numberTextFunctions,
      ...cgroupFunctions,
      ...compileTimeFunctions,
      ...typePredicates,
    ],
    aggregations: [...counterAggregations, ...histogramAggregations, ...seriesAggregations],
    actions: [...printActions, ...controlActions, ...mapActions, ...packetActions, ...unwindActions],
    probes: [...specialProbes, ...timerProbes, tracepoint, rawTracepoint, ...kprobes, ...fentryProbes, ...uprobes, usdt, iter, watchpoint],
    valueTypes,
    config: configDefinitions,
  });
}
