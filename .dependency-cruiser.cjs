/** The rooms of src/ and the way imports may point; see ARCHITECTURE.md. */
const rooms = {
  core: [],
  graph: ["core"],
  formats: ["core", "graph"],
  datasets: ["core", "graph"],
  inference: ["core", "graph"],
  conversion: ["core", "graph", "inference"],
  simulator: ["core", "graph", "inference"],
  evaluation: ["core", "graph", "datasets", "inference", "conversion", "simulator"],
  training: ["core", "graph", "formats", "datasets", "inference"],
  report: ["core", "graph", "evaluation", "training"],
  library: [
    "core",
    "graph",
    "formats",
    "datasets",
    "inference",
    "conversion",
    "simulator",
    "evaluation",
    "training",
    "report",
    "node",
  ],
  node: ["core", "graph", "formats", "datasets", "inference", "conversion", "simulator", "evaluation"],
  browser: ["core", "graph", "formats", "datasets", "inference", "conversion", "simulator", "evaluation"],
  cli: [
    "core",
    "graph",
    "formats",
    "datasets",
    "inference",
    "conversion",
    "simulator",
    "evaluation",
    "training",
    "report",
    "library",
    "node",
  ],
};
/** The rooms of src/simulator/wasm, likewise. */
const kernelRooms = { planning: [], memory: ["planning"], running: ["planning", "memory"] };
const everywhere = [
  "core",
  "graph",
  "formats",
  "inference",
  "conversion",
  "simulator",
  "evaluation",
  "browser",
];
/** Modules of Node, as dependency-cruiser names them. */
const nodeModules = `^(${require("node:module").builtinModules.join("|")})$`;
const isTest = "[.]test[.]ts$";

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    { name: "nothing-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
    ...Object.entries(rooms).map(([room, below]) => ({
      name: `${room}-imports-only-below`,
      comment: `src/${room} may import ${below.join(", ") || "no other room"}`,
      severity: "error",
      from: { path: `^src/${room}/`, pathNot: isTest },
      to: { path: "^src/", pathNot: `^src/(${[room, ...below].join("|")})/` },
    })),
    ...Object.entries(kernelRooms).map(([room, below]) => ({
      name: `kernels-${room}-imports-only-below`,
      comment: `src/simulator/wasm/${room} may import ${below.join(", ") || "no other room of the kernels"}`,
      severity: "error",
      from: { path: `^src/simulator/wasm/${room}/`, pathNot: isTest },
      to: { path: "^src/simulator/wasm", pathNot: `^src/simulator/wasm/(${[room, ...below].join("|")})/` },
    })),
    {
      name: "browser-safe-rooms-import-no-node",
      comment: `${everywhere.join(", ")} run in a browser too`,
      severity: "error",
      from: { path: `^src/(${everywhere.join("|")})/`, pathNot: isTest },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "browser-reaches-no-node",
      comment: "nothing that runs in a browser comes to a module of Node by any way",
      severity: "error",
      from: { path: `^src/(${everywhere.join("|")})/`, pathNot: isTest },
      to: { path: nodeModules, reachable: true },
    },
    {
      name: "package-imports-no-dev-dependency",
      severity: "error",
      from: { path: "^src/", pathNot: [isTest, "^src/training/"] },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^dist"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".mjs"],
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
    },
  },
};
