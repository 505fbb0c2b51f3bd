/**
 * Current kernels of a whole network timed alone: each call is made once more without its neurons.
 *
 * Knows: that stages run one after the other, and that a stage's time grows when it is over. May not know: what kernels do.
 */
import type { SnnPlan } from "#src/simulator/plan/snn-plan.js";
import type { KernelExports } from "#src/simulator/wasm/running/kernel-module.js";

export interface WatchedStages {
  /** Stands between a simulator and its kernels. */
  readonly watch: (kernels: KernelExports) => KernelExports;
  /** Stage id → milliseconds of its current kernels since `restart`; they stand in the stage's own time, too. */
  readonly milliseconds: ReadonlyMap<string, number>;
  /** Begins anew; the next call is one of the first stage. */
  restart(): void;
}

/** @param read stage id → milliseconds spent in it, as the simulator has them */
export function watchStages(plan: SnnPlan, read: () => ReadonlyMap<string, number>): WatchedStages {
  const ids = plan.stages.filter(({ kind }) => kind !== "output").map(({ id }) => id);
  const milliseconds = new Map<string, number>();
  let before = new Map<string, number>();
  const underWay = () => {
    const now = read();
    const id = ids.find((each) => (now.get(each) ?? 0) === (before.get(each) ?? 0));
    if (id !== undefined) return id;
    before = new Map(now);
    return ids[0] as string;
  };
  const watch = (kernels: KernelExports): KernelExports => ({
    ...kernels,
    runTiles(tile) {
      const id = underWay();
      kernels.runTiles(tile);
      const start = performance.now();
      kernels.runCurrents(tile);
      milliseconds.set(id, (milliseconds.get(id) ?? 0) + performance.now() - start);
    },
  });
  return {
    watch,
    milliseconds,
    restart() {
      before = new Map(read());
      milliseconds.clear();
    },
  };
}
