/**
 * The jobs of the conversion: kind → factory, for every runner's table.
 *
 * Knows: the list. May not know: threads.
 */
import type { TaskHandlerFactory } from "../core/task-runner.js";
import { floatValuesKind, startFloatValuesHandler } from "./float-values.js";
import { startStatisticsHandler, statisticsKind } from "./statistics/activation-statistics.js";

export const conversionJobs: Readonly<Record<string, TaskHandlerFactory>> = {
  [statisticsKind]: startStatisticsHandler as TaskHandlerFactory,
  [floatValuesKind]: startFloatValuesHandler as TaskHandlerFactory,
};
