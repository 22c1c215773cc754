// docs/benchmarks.md: prose by hand, with stretches between marks that a run replaces.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const page = resolve(import.meta.dirname, "../../docs/benchmarks.md");

/** Puts text between `<!-- NAME -->` and `<!-- /NAME -->`. */
export function writeMeasured(name: string, text: string): void {
  const before = readFileSync(page, "utf8");
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = before.indexOf(open);
  const to = before.indexOf(close);
  if (from < 0 || to < from) throw new Error(`${page} has no place marked "${open}"`);
  writeFileSync(page, `${before.slice(0, from + open.length)}\n${text.trim()}\n${before.slice(to)}`);
}
