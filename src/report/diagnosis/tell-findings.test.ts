/** Advice is given once, and named by the rank of its first finding afterwards. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tellFindings } from "./tell-findings.js";

const finding = (rank: number, layer: string, message: string) => {
  const { cause, adviceId } = { cause: "quantisation", adviceId: "more-steps" } as const;
  return { rank, layer, cause, size: 0.1, effect: null, adviceId, message: `${layer}: ${message}` };
};

test("the same advice is told once, other advice in whole, and a message without advice as it is", () => {
  const told = tellFindings([
    finding(1, "a", "quantisation 0.3; more steps (-T 24)"),
    finding(2, "b; c", "quantisation 0.2; more steps (-T 24)"),
    finding(3, "d", "clipping 0.1; a larger λ, or more"),
    finding(5, "e", "clipping 0.1; a larger λ, or more"),
    finding(6, "f", "more steps"),
    finding(7, "f", "more steps"),
  ]);
  assert.deepEqual(told, [
    "a: quantisation 0.3; more steps (-T 24)",
    "b; c: quantisation 0.2; advice as at 1",
    "d: clipping 0.1; a larger λ, or more",
    "e: clipping 0.1; advice as at 3",
    "f: more steps",
    "f: more steps",
  ]);
});
