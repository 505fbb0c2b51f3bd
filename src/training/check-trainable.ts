/**
 * Whether a network can be trained on some images.
 *
 * Knows: the network's input and output, which operators have rules. May not know: gradients, the engine.
 */
import { type Problem, RespikeError, refuseInput } from "../core/respike-error.js";
import type { Dataset } from "../datasets/dataset.js";
import type { Graph } from "../graph/graph.js";
import { lowerNodes } from "./lower-to-training-graph.js";

/** Of one image alone a batch norm over a map of one pixel has no variance; of two it has. */
const smallestBatch = 2;

/** @throws RespikeError (exit 3) with everything that stands against it: shapes, classes, each node without a rule */
export function checkTrainable(graph: Graph, { name, shape, classes }: Dataset): void {
  const problems = [...listUntrainable(graph)];
  const complain = (where: string, rule: string, value: string, next: string) =>
    problems.push({ code: "cannot-train", where, rule, value, next });
  const input = graph.input.attributes.shape;
  if (input.join() !== shape.join()) {
    const next = "name the images that the network was made for";
    complain(`${graph.input.id} (input)`, `images of '${name}', ${shape.join("×")}`, input.join("×"), next);
  }
  const output = graph.shape(graph.output.id);
  if (output.join() !== [classes, 1, 1].join()) {
    const next = "end the network with a linear node of as many outputs";
    const where = `${graph.output.id} (${graph.output.op})`;
    complain(where, `one value for each of the ${classes} classes of '${name}'`, output.join("×"), next);
  }
  if (problems.length > 0) throw refuseInput(problems);
}

function listUntrainable(graph: Graph): readonly Problem[] {
  try {
    lowerNodes(graph, smallestBatch);
    return [];
  } catch (error) {
    if (error instanceof RespikeError) return error.problems;
    throw error;
  }
}
