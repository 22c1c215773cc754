// Emits dist/ with tsc into a folder aside, then swaps it in, so a failed build leaves the last good one.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, renameSync, rmSync } from "node:fs";

const aside = "dist.new";
rmSync(aside, { recursive: true, force: true });
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json", "--outDir", aside], { stdio: "inherit" });
for (const file of ["src/recipe.schema.json"]) {
  if (existsSync(file)) cpSync(file, `${aside}/${file.slice("src/".length)}`);
}
rmSync("dist", { recursive: true, force: true });
renameSync(aside, "dist");
