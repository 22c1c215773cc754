// Each case of the table as a picture: the config, and what each layer holds.
import { join } from "node:path";
import { describe, it } from "node:test";
import { needsSandbox } from "../../sandbox/open.ts";
import { cases, type DockerfileCase } from "./cases.ts";
import { oddCases } from "./odd-cases.ts";
import { type BuiltDockerfile, filesOf, openWorld } from "./world.ts";

const sandbox = await needsSandbox("sh", "cat", "touch", "chmod", "rm", "id", "ln", "mkdir");

describe("Dockerfiles", () => {
  for (const one of [...cases, ...oddCases]) {
    it(`builds ${one.name}`, one.runs ? sandbox : {}, async (t) => {
      using world = openWorld(await filesOf(one));
      const built = await world.build(one.dockerfile, {
        buildArgs: one.buildArgs ?? {},
        labels: one.labels ?? {},
        squash: one.squash ?? false,
        ignoreText: one.ignore ?? "",
        ...(one.target === undefined ? {} : { target: one.target }),
      });
      const path = join("test/golden/dockerfile", `${one.name}.txt`);
      t.assert.fileSnapshot(await pictureOf(one, built), path, { serializers: [String] });
    });
  }
});

async function pictureOf({ dockerfile, runs }: DockerfileCase, built: BuiltDockerfile): Promise<string> {
  const { config, author, history } = built.config;
  const steps = history.map(({ created_by: by = "", empty_layer: empty }) => `${empty ? "     " : "layer"} ${by}`);
  const layers = await built.layers();
  const shown = layers.map((lines, at) => [`layer ${at + 1}`, ...lines.map((line) => `  ${line}`)].join("\n"));
  return [
    dockerfile.trimEnd(),
    "---",
    JSON.stringify({ ...config, author }, null, 1),
    "---",
    ...steps,
    "---",
    ...(runs ? shown.slice(1) : shown),
  ].join("\n");
}
