// Any faults in any order: what arrives is right, or nothing does; and a name never leads to half an image.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { collect } from "../../src/core/bytes.ts";
import { sha256 } from "../../src/core/digest.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parseImageName } from "../../src/core/image-name.ts";
import { bundleSource } from "../../src/image/bundle-source.ts";
import { type ImageGraph, readImageGraph } from "../../src/image/image-graph.ts";
import type { ImageSource } from "../../src/image/image-source.ts";
import { bodyOf, type FakeRegistry, reply, startFakeRegistry } from "../kit/fake-registry.ts";
import { makeBundle, makeLayer } from "../kit/image.ts";
import { sendBytes } from "../kit/loopback.ts";
import { registryClient } from "../kit/registry.ts";

const content = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 2654435761) >>> 24));
const layer = makeLayer("content", content, "none");
const bundle = makeBundle({ layers: [layer] });
const codes = ["REGISTRY_FAILED", "REGISTRY_DENIED", "DIGEST_MISMATCH", "IMAGE_MISSING", "IMAGE_BROKEN"];

const faults: readonly string[] = [
  "none",
  "503",
  "429",
  "404",
  "401",
  "500 with a body",
  "close",
  "cut",
  "whole",
  "redirect",
  "other bytes",
];
type Fault = string;

const faultList = fc.array(fc.constantFrom(...faults), { maxLength: 12 });

interface Chaos {
  readonly server: FakeRegistry;
  /** Faults of the next requests. */
  plan(next: readonly Fault[]): void;
}

async function startChaos(t: TestContext): Promise<Chaos> {
  let left: Fault[] = [];
  const server = await startFakeRegistry(t, {
    instead: async (request, response) =>
      request.url !== "/v2/" && (await act(left.shift() ?? "none", request, response)),
  });
  const act = async (fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const blob = request.method === "GET" ? server.blobs.get(request.url?.split("/").at(-1) ?? "") : undefined;
    if (fault === "none") return false;
    if (fault === "cut" && blob) sendBytes(request, response, blob, { cutAfter: 1 + (blob.byteLength >> 1) });
    else if (fault === "whole" && blob) {
      // Ranges are not looked at.
      delete request.headers.range;
      sendBytes(request, response, blob);
    } else if (fault === "other bytes" && blob)
      sendBytes(request, response, Buffer.from(blob).fill(1, blob.byteLength - 1));
    else if (fault === "close" || fault === "cut") request.socket.destroy();
    else {
      await bodyOf(request);
      answer(fault, request, response);
    }
    return true;
  };
  return {
    server,
    plan: (next) => {
      left = [...next];
    },
  };
}

function answer(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
  if (fault === "429") reply(response, 429, { "retry-after": "0" });
  else if (fault === "500 with a body") reply(response, 500, {}, "<html>sorry</html>");
  else if (fault === "redirect") reply(response, 307, { location: request.url ?? "" });
  else reply(response, Number.parseInt(fault, 10) || 503);
}

/** What is left when a task is done, or why it could not be; anything but an error of ours fails the test. */
async function orError<Result>(task: Promise<Result>): Promise<Result | DodaiError> {
  try {
    return await task;
  } catch (error) {
    assert.ok(error instanceof DodaiError, error instanceof Error ? (error.stack ?? "") : String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return error;
  }
}

async function readAll(source: ImageSource): Promise<ImageGraph> {
  const graph = await readImageGraph(source);
  for (const pointer of graph.blobs) {
    const bytes = await collect(source.blob(pointer), { maxBytes: 1 << 20, what: "a blob" });
    assert.equal(sha256(bytes), pointer.digest);
  }
  return graph;
}

test("a pull through faults gives the image or an error", async (t) => {
  const chaos = await startChaos(t);
  const source = bundleSource(bundle);
  const name = parseImageName(`${chaos.server.host}/app:1`);
  await registryClient(t).push({ source, graph: await readImageGraph(source), name });
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(faultList, async (plan) => {
      chaos.plan(plan);
      const pulled = await orError(readAll(registryClient(t).source(name)));
      if (!(pulled instanceof DodaiError)) whole++;
    }),
    { numRuns: 60 },
  );
  assert.ok(whole > 5, `${whole} were whole`);
});

test("a push through faults leaves the whole image under its name, or no name", async (t) => {
  const chaos = await startChaos(t);
  const { server } = chaos;
  const source = bundleSource(bundle);
  const graph = await readImageGraph(source);
  const name = parseImageName(`${server.host}/app:1`);
  let whole = 0;
  await fc.assert(
    fc.asyncProperty(faultList, fc.constantFrom(undefined, 30_000), async (plan, chunkBytes) => {
      server.blobs.clear();
      server.manifests.clear();
      chaos.plan(plan);
      const client = registryClient(t, chunkBytes === undefined ? {} : { chunkBytes });
      const pushed = await orError(client.push({ source, graph, name }));
      chaos.plan([]);
      if (!(pushed instanceof DodaiError)) {
        whole++;
        assert.ok(server.manifests.has("1"));
      }
      if (server.manifests.has("1")) await readAll(registryClient(t).source(name));
    }),
    { numRuns: 60 },
  );
  assert.ok(whole > 5, `${whole} were whole`);
});
