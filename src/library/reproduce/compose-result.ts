/**
 * A plan and the finished jobs → the result of a reproduction.
 *
 * Knows: experiments, rows, claims. May not know: pages, networks, data.
 */
import type { ReproductionResult, Verdict } from "../../report/reproduction/reproduction-result.js";
import type { Claim, Experiment } from "./experiment.js";
import type { JobStore } from "./job-store.js";
import { judgeClaims } from "./judge-claims.js";
import { listQuantityRows } from "./measure-quantity.js";
import { measureRows, notYet } from "./measure-rows.js";
import type { ReproductionPlan } from "./plan-reproduction.js";

/** @param isAnyCount as of `measureRows` */
export async function composeResult(
  plan: ReproductionPlan,
  experiments: readonly Experiment[],
  store: JobStore,
  isAnyCount = false,
): Promise<ReproductionResult> {
  const measured = await measureRows(plan, store, isAnyCount);
  let left = 0;
  const results = experiments.map(({ id, title, says, claims, quoted = [] }) => {
    const own = measured.filter(({ experiment }) => experiment === id);
    const byId = new Map(own.map((each) => [each.row.id, each]));
    const asked = claims.filter((claim) => listClaimRows(claim).every((row) => byId.has(row)));
    left += claims.length - asked.length;
    return { id, title, says, rows: own.map(({ row }) => row), claims: judgeClaims(asked, byId), quoted };
  });
  const verdicts: Record<Verdict, number> = { confirmed: 0, differs: 0, "not run": 0 };
  for (const { claims } of results) for (const { verdict } of claims) verdicts[verdict]++;
  const isPending = measured.some(({ row }) => row.because === notYet);
  const { target, quick, n } = plan;
  const notes = [...plan.notes];
  if (left > 0) notes.push(`${left} claims are left out with their rows.`);
  return { target, quick, n, complete: !isPending, experiments: results, verdicts, notes };
}

function listClaimRows({ quantity }: Claim): readonly string[] {
  const all = "kind" in quantity ? [quantity] : quantity;
  return all.flatMap(listQuantityRows);
}
