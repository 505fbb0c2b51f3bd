/** `npm test`: installs and builds what is missing, lints, and runs every test. Arguments choose test files by part of their path. */
import { build, install, listTests, root, runOrExit } from "./install-and-build.mjs";

install();
build();
const chosen = process.argv.slice(2);
const tests = listTests("dist", "dist-dev/test").filter(
  (file) => chosen.length === 0 || chosen.some((part) => file.slice(root.length).includes(part)),
);
if (chosen.length === 0)
  runOrExit("npm", ["run", "--silent", "lint"], { shell: process.platform === "win32" });
if (tests.length === 0) {
  console.error(`no test file matches ${chosen.join(" ") || "dist/**/*.test.js"}`);
  process.exit(1);
}
// What hangs fails instead of waiting for ever; the longest file takes some minutes.
const mostMinutes = 20;
runOrExit(process.execPath, [
  "--test",
  "--test-concurrency=2",
  `--test-timeout=${mostMinutes * 60_000}`,
  ...tests,
]);
