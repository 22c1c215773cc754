import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchKey } from "../../src/cli/fetch-key.ts";
import { startLoopback } from "../kit/loopback.ts";

test("a key is fetched from its address", async (t) => {
  const server = await startLoopback((request, response) => {
    if (request.url === "/key") response.end("the key");
    else response.writeHead(404).end();
  });
  t.after(() => server.close());
  const world = { env: {}, signal: new AbortController().signal };
  assert.equal(await fetchKey(`${server.url}/key`, world, { offline: false }), "the key");
  await assert.rejects(() => fetchKey(`${server.url}/gone`, world, { offline: false }), { code: "DOWNLOAD_FAILED" });
  await assert.rejects(() => fetchKey(`${server.url}/key`, world, { offline: true }), { code: "NETWORK_OFFLINE" });
});
