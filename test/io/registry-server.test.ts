import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { parseImageName } from "../../src/core/image-name.ts";
import { bundleSource } from "../../src/image/bundle-source.ts";
import { readImageGraph } from "../../src/image/image-graph.ts";
import { makeBundle } from "../kit/image.ts";
import { needs } from "../kit/oracle.ts";
import { registryClient, startRegistry } from "../kit/registry.ts";

test("smoke", needs("docker-registry"), async (t: TestContext) => {
  const server = await startRegistry(t);
  const client = registryClient(t);
  const source = bundleSource(makeBundle({ platforms: ["linux/amd64", "linux/arm64"] }));
  const graph = await readImageGraph(source);
  const name = parseImageName(`${server.host}/team/app:1`);
  const pushed = await client.push({ source, graph, name });
  console.log(pushed, await server.seen());
  const again = await client.push({ source, graph, name });
  console.log(again, (await server.seen()).slice(-2));
  const pulled = await readImageGraph(client.source(name));
  assert.deepEqual(pulled, graph);
});
