/** `npm start`: installs and builds what is missing, then runs the main job: `respike demo mnist`. */
import { join } from "node:path";
import { build, install, root, runOrExit } from "./install-and-build.mjs";

install();
build();
const passed = process.argv.slice(2);
runOrExit(process.execPath, [
  join(root, "dist/cli/main.js"),
  ...(passed.length > 0 ? passed : ["demo", "mnist", "--force"]),
]);
