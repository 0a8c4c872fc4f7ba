// A run of many mutants through the stages, and the reduction of what failed to a short text.

import { compilerFor } from "../support/compile.ts";
import { fakeTarget } from "../support/fake-target.ts";
import { cTexts, scripts, words } from "./corpus.ts";
import { mutant } from "./mutate.ts";
import { poolOf, tokens } from "./pieces.ts";
import { Random } from "./random.ts";
import { type Check, checkOf, type Problem, problemOf, type Stage, variantOf } from "./stages.ts";

export interface Failure {
  readonly stage: Stage;
  readonly seed: number;
  readonly variant: number;
  readonly text: string;
  readonly problem: Problem;
}

export interface Campaign {
  /** Inputs of each stage: seeds count up from the first. */
  readonly first: number;
  readonly count: number;
  readonly stages: readonly Stage[];
  readonly limits: { readonly hang: number; readonly slow: number };
  /** Called now and then with the number of inputs done; false stops. */
  progress(done: number): boolean;
}

/** Runs mutants; gives one failure for each place in the code that throws, with the shortest text found. */
export function runCampaign(campaign: Campaign): readonly Failure[] {
  const checks = campaign.stages.map((stage) => ({ stage, check: checkOf(stage) }));
  const texts = scripts();
  // Relatives of what is valid get furthest.
  const valid = texts.filter(validScripts());
  const scriptPool = poolOf([...valid, ...valid, ...valid, ...texts], words);
  const cPool = poolOf(cTexts, words);
  const failures = new Map<string, Failure>();
  for (let i = 0; i < campaign.count; i++) {
    if (i % 50 === 0 && !campaign.progress(i)) break;
    for (const { stage, check } of checks) {
      const seed = campaign.first + i;
      const random = new Random(seed);
      const variant = variantOf(random);
      const text = mutant(random, stage === "c" ? cPool : scriptPool, words);
      const problem = problemOf(check, text, variant, campaign.limits);
      if (problem === undefined) continue;
      const key = signature(problem);
      if (failures.has(key)) continue;
      failures.set(key, reduce({ stage, seed, variant, text, problem }, check, campaign.limits));
    }
  }
  return [...failures.values()];
}

/** Tells the texts that compile. */
function validScripts(): (text: string) => boolean {
  const compile = compilerFor(fakeTarget());
  return (text) => {
    try {
      return compile(text, { unsafe: true }).kind === "compiled";
    } catch {
      // A text that fails by itself is found again by the campaign.
      return false;
    }
  };
}

/** Failures of one cause have one signature: the kind, the message without its numbers, the place of the throw. */
export function signature(problem: Problem): string {
  if (problem.kind !== "exception") return problem.kind;
  const [head = "", ...frames] = problem.message.split("\n");
  const place = frames.find((frame) => frame.includes("    at ") && !frame.includes("invariant")) ?? "";
  return `${head.replace(/\d+/g, "N").slice(0, 80)} ${/\((.*)\)/.exec(place)?.[1] ?? place}`;
}

/** Leaves out tokens as long as the failure stays the same. */
function reduce(failure: Failure, check: Check, limits: Campaign["limits"]): Failure {
  if (failure.problem.kind !== "exception") return failure;
  const wanted = signature(failure.problem);
  let pieces = tokens(failure.text);
  let budget = 2000;
  for (let size = Math.ceil(pieces.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < pieces.length && budget > 0; budget--) {
      const shorter = [...pieces.slice(0, at), ...pieces.slice(at + size)];
      const problem = problemOf(check, shorter.join(""), failure.variant, limits);
      if (problem !== undefined && signature(problem) === wanted) pieces = shorter;
      else at += size;
    }
  }
  return { ...failure, text: pieces.join("") };
}

export function describeFailure({ stage, seed, variant, text, problem }: Failure): string {
  return `${stage}, seed ${seed}, variant ${variant}: ${problem.kind}: ${problem.message}\n--- text\n${JSON.stringify(text)}\n---\n`;
}
