/**
 * Images in the order of how narrowly a spiking network gives them the class that the network gives them.
 *
 * Knows: readouts. May not know: what the order is for.
 */

/** Images and the class that the network gives each. */
export interface RankedImages {
  readonly judging: Uint32Array;
  readonly networkPredictions: Int32Array;
}

/**
 * By the readout of the network's class less the largest of the other classes, ascending: images that get another class come
 * first; ties keep their order.
 *
 * @param outputs the readout of each image, [n,classes]
 */
export function rankImages(
  { judging, networkPredictions }: RankedImages,
  outputs: Float64Array,
): RankedImages {
  const classes = outputs.length / judging.length;
  const margins = Array.from(networkPredictions, (label, at) => {
    const own = outputs.subarray(at * classes, (at + 1) * classes);
    const others = own.reduce((most, value, c) => (c === label ? most : Math.max(most, value)), -Infinity);
    return (own[label] as number) - others;
  });
  const order = Uint32Array.from(margins.keys()).sort(
    (a, b) => (margins[a] as number) - (margins[b] as number),
  );
  return {
    judging: order.map((at) => judging[at] as number),
    networkPredictions: Int32Array.from(order, (at) => networkPredictions[at] as number),
  };
}
