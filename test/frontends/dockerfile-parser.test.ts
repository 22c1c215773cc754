// BuildKit's own parser cases: a Dockerfile, and the tree that it reads of it.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseLines, type Written } from "../../src/frontends/dockerfile/parse-lines.ts";
import { fixture, needs } from "../kit/oracle.ts";

const parser = fixture("dockerfile/buildkit-parser/moby+buildkit/frontend/dockerfile/parser");

/** The form of BuildKit's `Node.Dump`. */
function dump({ name, flags, words, child }: Written): string {
  const shown = flags.length > 0 ? ` [${flags.map(({ text }) => JSON.stringify(text)).join(" ")}]` : "";
  const rest = child ? [dump(child)] : words.map(({ text }) => JSON.stringify(text));
  return `(${[name + shown, ...rest].join(" ")})`;
}

const dumpAll = (text: string): string => parseLines(text, { file: "Dockerfile" }).instructions.map(dump).join("\n");

describe("BuildKit's parser cases", needs(parser), () => {
  for (const name of existsSync(parser) ? readdirSync(join(parser, "testfiles")) : []) {
    it(`reads ${name}`, () => {
      const text = readFileSync(join(parser, "testfiles", name, "Dockerfile"), "utf8");
      assert.equal(dumpAll(text), readFileSync(join(parser, "testfiles", name, "result"), "utf8").trim());
    });
  }
});

describe("BuildKit's negative parser cases", needs(parser), () => {
  for (const name of existsSync(parser) ? readdirSync(join(parser, "testfiles-negative")) : []) {
    it(`refuses ${name}`, () => {
      const text = readFileSync(join(parser, "testfiles-negative", name, "Dockerfile"), "utf8");
      assert.throws(() => dumpAll(text), { code: "DOCKERFILE_SYNTAX" });
    });
  }
});
