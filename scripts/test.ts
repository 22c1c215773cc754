// Runs the test files given, or all of them, on the Node that the project brings.
import { spawnSync } from "node:child_process";

const files = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ["--test", "--test-reporter=spec", ...(files.length > 0 ? files : ["test/**/*.test.ts"])],
  { stdio: "inherit" },
);
process.exitCode = status ?? 1;
