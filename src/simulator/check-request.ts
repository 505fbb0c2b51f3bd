/**
 * What a simulation may be asked for.
 *
 * Knows: limits of T per number format, snapshots, readouts, sizes of records.
 * May not know: kernels, labels.
 */
import { type Problem, refuseInput, refuseUsage } from "../core/respike-error.js";
import { stepLimits } from "../graph/step-limits.js";
import type { SimulationRequest } from "./backend.js";
import type { SnnPlan } from "./plan/snn-plan.js";

/** Largest record, bytes. */
const recordLimit = 2 ** 31;

/**
 * Refuses what the network cannot be asked for.
 *
 * @throws RespikeError exit 2 for a wrong T, snapshot, delay, readout or layer name; exit 3 for pixels that
 * are not finite numbers, or not probabilities with `poisson`
 */
export function checkRequest(plan: SnnPlan, request: SimulationRequest): void {
  const problems = [
    ...checkTimes(plan, request),
    ...checkRefinement(plan, request),
    ...checkReadout(plan, request),
    ...checkRecord(plan, request),
    ...checkCounted(plan, request),
    ...checkExit(request),
  ];
  if (problems.length > 0) throw refuseUsage(problems);
  const wrong = checkPixels(plan, request);
  if (wrong !== null) throw refuseInput(wrong);
}

function wrongCall(where: string, rule: string, value: string, next: string): Problem {
  return { code: "simulation-request", where, rule, value, next };
}

function checkTimes(plan: SnnPlan, request: SimulationRequest): Problem[] {
  const { steps, snapshots, delay } = request;
  const problems: Problem[] = [];
  const formats = [plan.output.number, ...plan.neurons.map((stage) => stage.number)];
  const limit = Math.min(...formats.map((format) => stepLimits[format]));
  if (!Number.isInteger(steps) || steps < 1 || steps > limit) {
    const reason = formats.find((format) => stepLimits[format] === limit);
    problems.push(wrongCall("T", `1 ≤ T ≤ ${limit} (${reason} layers)`, String(steps), "choose a smaller T"));
  }
  const ascending = snapshots.every((t, i) => Number.isInteger(t) && t >= 1 && t > (snapshots[i - 1] ?? 0));
  if (!ascending || snapshots[snapshots.length - 1] !== steps) {
    problems.push(
      wrongCall(
        "snapshots",
        "ascending times 1…T, the last is T",
        snapshots.slice(0, 20).join(","),
        "correct the times",
      ),
    );
  }
  if (!Number.isInteger(delay) || delay < 0) {
    problems.push(wrongCall("delay", "an integer, 0 or more", String(delay), "choose another delay"));
  }
  return problems;
}

/** What only makes sense of counts, or only of a value that is refined. */
function checkRefinement({ refine }: SnnPlan, { readout, delay, poisson }: SimulationRequest): Problem[] {
  const problems: Problem[] = [];
  if (refine === null) {
    if (readout !== "final") return [];
    return [wrongCall("readout", "final values are read where layers refine", readout, "use readout mean")];
  }
  if (readout !== "final") {
    problems.push(
      wrongCall("readout", "a network that refines has final values", readout, "use readout final"),
    );
  }
  if (delay !== 0) {
    problems.push(
      wrongCall("delay", "0: a final value is no mean over steps", String(delay), "leave it out"),
    );
  }
  if (poisson !== undefined) {
    const rule = "an image enters a network that refines as a constant current";
    problems.push(wrongCall("input", rule, "poisson", "use --input current"));
  }
  return problems;
}

function checkReadout(plan: SnnPlan, { readout }: SimulationRequest): Problem[] {
  if (readout === "final" || plan.refine !== null) return [];
  if (readout === "mean" || plan.output.neurons !== null) return [];
  const rule = "counts are read from output neurons";
  return [
    wrongCall(
      "readout",
      rule,
      `${readout}, but the output is a current`,
      "use readout mean, or convert with --output neuron",
    ),
  ];
}

function checkRecord(plan: SnnPlan, { record, steps, n }: SimulationRequest): Problem[] {
  if (record === undefined) return [];
  const problems: Problem[] = [];
  let bytes = steps * plan.output.classes * 4;
  for (const name of record.layers) {
    const stage = plan.neurons.find((each) => each.name === name);
    if (stage === undefined) {
      const names = plan.neurons.map((each) => each.name).join(", ");
      problems.push(wrongCall("record", `one of the layers ${names}`, name, "correct the layer's name"));
      continue;
    }
    const perNeuron = Number(record.spikes) + 4 * Number(record.potentials) + 4 * Number(record.currents);
    bytes += steps * stage.v0.length * perNeuron;
  }
  if (bytes * n > recordLimit) {
    problems.push(
      wrongCall(
        "record",
        `at most ${recordLimit} bytes`,
        `${bytes * n} bytes`,
        "record fewer layers, images or steps",
      ),
    );
  }
  return problems;
}

function checkCounted({ neurons, gates }: SnnPlan, { counted = [] }: SimulationRequest): Problem[] {
  const names = new Set([...neurons.map(({ name }) => name), ...gates.map(({ id }) => id)]);
  const rule = `layers and gates: ${[...names].join(", ")}`;
  return counted.flatMap((name) =>
    names.has(name) ? [] : [wrongCall("counted", rule, name, "correct the layer's name")],
  );
}

function checkExit({ exit, record, potentials, steps }: SimulationRequest): Problem[] {
  if (exit === undefined) return [];
  const { times, thresholds } = exit;
  const problems: Problem[] = [];
  const isAscending = times.every((t, i) => Number.isInteger(t) && t > (times[i - 1] ?? 0) && t <= steps);
  if (!isAscending) {
    const value = times.slice(0, 20).join(",");
    problems.push(wrongCall("exit times", "ascending times 1…T", value, "correct the times"));
  }
  const isThreshold = (at: number) => !Number.isNaN(thresholds[at] ?? Number.NaN);
  if (thresholds.length !== times.length || !times.every((_, at) => isThreshold(at))) {
    const value = Array.from(thresholds).slice(0, 20).join(",");
    problems.push(wrongCall("exit thresholds", "a number for each time", value, "correct the thresholds"));
  }
  if (potentials === true) {
    problems.push(wrongCall("exit", "membranes are those of step T", "potentials and exit", "leave out one"));
  }
  if (record !== undefined) {
    problems.push(wrongCall("exit", "a record has all T steps", "record and exit", "leave out one of them"));
  }
  return problems;
}

function checkPixels(plan: SnnPlan, { images, n, poisson }: SimulationRequest): Problem | null {
  const size = plan.imageShape[0] * plan.imageShape[1] * plan.imageShape[2];
  const where = "images";
  if (!Number.isInteger(n) || n < 0 || images.length !== n * size) {
    const rule = `N images of [${plan.imageShape.join(",")}]`;
    const value = `${images.length} values for N = ${n}`;
    return { code: "wrong-shape", where, rule, value, next: "check the data" };
  }
  if (poisson !== undefined && poisson.imageIndices.length !== n) {
    const value = `${poisson.imageIndices.length} indices for ${n} images`;
    return { code: "wrong-shape", where, rule: "one index an image", value, next: "check the call" };
  }
  for (let at = 0; at < images.length; at++) {
    const x = images[at] as number;
    // what is not finite less itself is not 0
    if (poisson === undefined ? x - x === 0 : x >= 0 && x <= 1) continue;
    const problem = describePixel(x);
    return { ...problem, where: `image ${Math.floor(at / size)}, pixel ${at % size}` };
  }
  return null;
}

/** Of a pixel that is no number, or no probability. */
function describePixel(x: number): Omit<Problem, "where"> {
  const value = String(x);
  if (!Number.isFinite(x)) {
    return { code: "not-finite", rule: "pixels are finite numbers", value, next: "check the data" };
  }
  const rule = "with --input poisson a preprocessed pixel is a probability, 0…1";
  const next = "use --input current, or convert with --preprocess unit";
  return { code: "not-a-probability", rule, value, next };
}
