/**
 * What the outputs gain where one layer makes no errors of its own.
 *
 * Knows: effects of a diagnosis. May not know: how they were measured, how it is rendered.
 */
import type { TopLevelSpec } from "vega-lite";
import type { Diagnosis } from "../../evaluation/diagnosis/diagnose-snn.js";
import { cleanText } from "../clean-text.js";
import { formatFixed } from "../format-number.js";
import { layerAxis, layerPlotWidth } from "../plots/layer-axis.js";
import { type Plot, specPart } from "../plots/plot.js";
import { paint } from "../theme.js";

const switches = ["spikes evenly", "makes no own error"] as const;

function listEffects({ layers }: Diagnosis) {
  return layers.flatMap(({ name, effect }) => (effect === null ? [] : [{ layer: { name }, effect }]));
}

function drawSpec(diagnosis: Diagnosis): TopLevelSpec | null {
  const rows = listEffects(diagnosis);
  if (rows.length === 0) return null;
  const { y, height, params, barHeight } = layerAxis(rows);
  const all = rows.flatMap(({ effect }, at) => [
    { at, what: switches[1], value: effect.allLocal },
    { at, what: switches[0], value: effect.evenness },
  ]);
  const x = specPart({
    field: "value",
    type: "quantitative",
    title: "fall of the outputs' RMS error, %",
    scale: {
      domain: [Math.min(0, ...all.map(({ value }) => value)), Math.max(1, ...all.map(({ value }) => value))],
      nice: false,
    },
    axis: { tickCount: 5, labelExpr: "format(datum.value, '~g')" },
  });
  return {
    width: layerPlotWidth,
    height: height + 44,
    params,
    layer: [
      {
        data: { values: all.filter(({ what }) => what === switches[1]) },
        mark: { type: "bar", fill: paint("s1"), height: barHeight },
        encoding: { y, x },
      },
      {
        data: { values: all.filter(({ what }) => what === switches[0]) },
        mark: { type: "tick", stroke: paint("s2"), thickness: 2.5, height: barHeight + 4 },
        encoding: { y, x },
      },
    ],
  };
}

function describe(diagnosis: Diagnosis): string {
  const rows = listEffects(diagnosis);
  const first = rows[0];
  if (first === undefined) return "No layer was made free of its errors.";
  const most = rows.reduce((best, row) => (row.effect.allLocal > best.effect.allLocal ? row : best), first);
  if (most.effect.allLocal <= 0)
    return `Without the own errors of any of these layers the outputs' error would not be smaller; ${diagnosis.whatIfImages} images.`;
  return `Without the errors of ${cleanText(most.layer.name)} the outputs' error would be ${formatFixed(most.effect.allLocal, 0)} % smaller; ${diagnosis.whatIfImages} images.`;
}

export const effectPerLayer: Plot<Diagnosis> = {
  id: "effect-per-layer",
  title: "What each layer's errors cost the outputs",
  key: "Bar: the layer sends what the network's layer would. Tick: it sends the same charge evenly. All later layers are simulated again; effects do not add up.",
  drawSpec,
  describe,
  tabulate: (diagnosis) => ({
    columns: ["layer", ...switches.map((what) => `${what}: fall of the RMS error, %`), "standard error"],
    rows: listEffects(diagnosis).map(({ layer, effect }) => [
      layer.name,
      formatFixed(effect.evenness, 1),
      formatFixed(effect.allLocal, 1),
      formatFixed(effect.allLocalError, 1),
    ]),
  }),
};
