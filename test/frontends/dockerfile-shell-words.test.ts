// BuildKit's own tables of shell words: what a text gives, and where it is refused.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { readShellWords, type ShellResult } from "../../src/frontends/dockerfile/shell-words.ts";
import { fixture, needs } from "../kit/oracle.ts";

const values = fixture("dockerfile/buildkit-shell/moby+buildkit/frontend/dockerfile/shell/envVarTest");
const words = fixture("dockerfile/buildkit-shell/moby+buildkit/frontend/dockerfile/shell/wordsTest");

const linesOf = (path: string): readonly string[] =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    : [];

function read(text: string, env: Readonly<Record<string, string>>): ShellResult {
  return readShellWords(text, { escape: "\\", lookUp: (name) => (Object.hasOwn(env, name) ? env[name] : undefined) });
}

describe("BuildKit's table of variables", needs(values), () => {
  const env = { PWD: "/home", SHELL: "bash", KOREAN: "한국어", NULL: "" };
  for (const line of linesOf(values)) {
    const [platform = "", text = "", wanted = ""] = line.split("|").map((part) => part.trim());
    if (platform !== "A" && platform !== "U") continue;
    if (wanted === "error") it(`refuses ${text}`, () => assert.throws(() => read(text, env)));
    else it(`reads ${text}`, () => assert.equal(read(text, env).text, wanted));
  }
});

describe("BuildKit's table of words", needs(words), () => {
  const env: Record<string, string> = {};
  for (const line of linesOf(words)) {
    const variable = /^ENV (\w+)=(.*)$/s.exec(line);
    if (variable) {
      env[variable[1] ?? ""] = variable[2] ?? "";
      continue;
    }
    const [text = "", wanted = ""] = line.split(" | ");
    const here = { ...env };
    it(`reads ${text}`, () => assert.deepEqual(read(text.trim(), here).words, wanted.trimStart().split(",")));
  }
});

const trims = [
  { text: "${x#*/}", value: "a/b/c", wanted: "b/c" },
  { text: "${x##*/}", value: "a/b/c", wanted: "c" },
  { text: "${x%/*}", value: "a/b/c", wanted: "a/b" },
  { text: "${x%%/*}", value: "a/b/c", wanted: "a" },
  { text: "${x#?}", value: "abc", wanted: "bc" },
  { text: "${x%.txt}", value: "a.txt", wanted: "a" },
  { text: "${x/b/X}", value: "abcb", wanted: "aXcb" },
  { text: "${x//b/X}", value: "abcb", wanted: "aXcX" },
  { text: "${x//./-}", value: "1.2.3", wanted: "1-2-3" },
  { text: "${x#\\*}", value: "*a", wanted: "a" },
  { text: "${x/$y/X}", value: "ayb", wanted: "aXb" },
];

describe("patterns in variables", () => {
  for (const { text, value, wanted } of trims) {
    it(`makes ${wanted} of ${value} by ${text}`, () => assert.equal(read(text, { x: value, y: "y" }).text, wanted));
  }
  it("tells which variables are not set", () => assert.deepEqual(read("$a ${b} ${c:-d}", {}).unset, ["a", "b"]));
});
