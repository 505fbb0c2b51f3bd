/**
 * Channels whose λ is 0, because no calibration image moved them, never fire: their weights and
 * currents become 0, and V(0) with them.
 *
 * Knows: silent channels. May not know: how λ was found. A warning names each layer.
 */
import { float32Tensor } from "../../core/tensor.js";
import type { GraphNode } from "../../graph/node-types.js";
import type { Pass } from "../pass.js";
import { scaleLayers } from "../scale-layer.js";

export const silenceDeadChannels: Pass = {
  name: "silence-dead-channels",
  preserves: () => "nothing",
  run(graph, { activations, scales, options, warn }) {
    const factors = new Map<string, Float64Array>();
    for (const { relu, layer } of activations) {
      const silent = scales.get(relu)?.silentChannels ?? [];
      if (silent.length === 0) continue;
      const factor = new Float64Array(graph.shape(layer)[0]).fill(1);
      for (const channel of silent) factor[channel] = 0;
      factors.set(layer, factor);
      warn({
        code: "dead-channels",
        where: layer,
        message: `no calibration image moves ${silent.length} of ${factor.length} channels (${silent.join(", ")}); they never fire`,
        count: silent.length,
      });
    }
    if (factors.size === 0) return graph;
    return scaleLayers(graph, factors).rewrite((node) => {
      const factor = factors.get(node.id);
      if (factor === undefined) return node;
      const v0 = float32Tensor(
        [factor.length],
        Float32Array.from(factor, (each) => each * options.v0),
      );
      return { ...node, tensors: { ...node.tensors, v0 } } as GraphNode;
    });
  },
};
