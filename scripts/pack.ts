// What is published brings no Node of its own: while npm packs, package.json is without those packages. `trim` before, and
// `restore` after.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const manifest = "package.json";
const aside = "package.json.whole";

if (process.argv[2] === "trim") {
  // A pack that broke off left the whole one aside.
  if (existsSync(aside)) renameSync(aside, manifest);
  const whole = readFileSync(manifest, "utf8");
  const { optionalDependencies: _own, ...published } = JSON.parse(whole);
  writeFileSync(aside, whole);
  writeFileSync(manifest, `${JSON.stringify(published, null, 2)}\n`);
} else if (existsSync(aside)) {
  renameSync(aside, manifest);
}
