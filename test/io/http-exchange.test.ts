import assert from "node:assert/strict";
import { describe, it, type TestContext, test } from "node:test";
import { bytesOf } from "../../src/core/bytes.ts";
import { createHttpClient, type HttpClient } from "../../src/io/http.ts";
import type { Authorizer } from "../../src/io/http-exchange.ts";
import { reply } from "../kit/fake-registry.ts";
import { type Answer, type Loopback, startLoopback } from "../kit/loopback.ts";
import { quickRetries } from "../kit/registry.ts";

async function start(t: TestContext, answer: Answer): Promise<{ server: Loopback; http: HttpClient; url: URL }> {
  const server = await startLoopback(answer);
  const http = createHttpClient({ userAgent: "dodai/test", retries: quickRetries });
  t.after(async () => {
    http.close();
    await server.close();
  });
  return { server, http, url: new URL("/path", server.url) };
}

const get = { method: "GET", maxBytes: 100, again: true } as const;

test("an answer is given whole, whatever its status", async (t) => {
  const { http, url } = await start(t, (_, response) => void reply(response, 418, { "x-told": "yes" }, "tea"));
  const { status, headers, body } = await http.exchange(url, get);
  assert.deepEqual([status, headers["x-told"], Buffer.from(body).toString()], [418, "yes", "tea"]);
});

const retried: readonly {
  readonly name: string;
  readonly again: boolean;
  readonly requests: number;
  readonly status: number;
}[] = [
  { name: "tried again", again: true, requests: 2, status: 200 },
  { name: "told at once when it may have had half its effect", again: false, requests: 1, status: 503 },
];

describe("503 is", () => {
  for (const { name, again, requests, status } of retried) {
    it(name, async (t) => {
      const { http, server, url } = await start(t, (_, response, nth) => void reply(response, nth === 1 ? 503 : 200));
      assert.equal((await http.exchange(url, { ...get, again })).status, status);
      assert.equal(server.seen.length, requests);
    });
  }
});

test("503 without end is the answer", async (t) => {
  const { http, server, url } = await start(t, (_, response) => void reply(response, 503));
  assert.equal((await http.exchange(url, get)).status, 503);
  assert.equal(server.seen.length, quickRetries.attempts);
});

for (const headers of [{}, { "content-length": "200" }]) {
  test(`an answer that is too large is refused, ${"content-length" in headers ? "by its header" : "by its bytes"}`, async (t) => {
    const { http, url } = await start(t, (_, response) => void response.writeHead(200, headers).end("x".repeat(200)));
    await assert.rejects(http.exchange(url, get), { kind: "refused", message: /larger than 100 bytes/ });
  });
}

test("HEAD follows a redirect, and PUT does not", async (t) => {
  const { http, url } = await start(t, (request, response) => {
    request.resume();
    if (request.url === "/other") reply(response, 200);
    else reply(response, 307, { location: "/other" });
  });
  assert.equal((await http.exchange(url, { ...get, method: "HEAD" })).status, 200);
  const body = { sizeBytes: 3, open: () => bytesOf("abc") };
  assert.equal((await http.exchange(url, { ...get, method: "PUT", body })).status, 307);
});

test("a body is not read on when the server has answered, and its connection is not used again", async (t) => {
  const { http, url } = await start(t, (request, response) => {
    if (request.method === "PUT") reply(response, 413);
    else reply(response, 200);
  });
  let given = 0;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (; given < 100_000; given++) yield Buffer.alloc(64 << 10);
  };
  const body = { sizeBytes: 100_000 * (64 << 10), open: endless };
  const { status } = await http.exchange(url, { ...get, method: "PUT", body, again: false });
  assert.equal(status, 413);
  assert.ok(given < 10_000, `${given} chunks`);
  assert.equal((await http.exchange(url, get)).status, 200);
});

test("a body that fails ends the request with its own error", async (t) => {
  const { http, url } = await start(t, (request, response) => {
    request.on("error", () => undefined).resume();
    request.on("end", () => reply(response, 200));
  });
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from("abc");
    throw Object.assign(new Error("no disk"), { code: "EIO" });
  };
  const body = { sizeBytes: 10, open: failing };
  await assert.rejects(http.exchange(url, { ...get, method: "PUT", body, again: false }), /no disk/);
});

test("a body is sent anew with another header after 401", async (t) => {
  const got: string[] = [];
  const { http, url } = await start(t, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    got.push(`${request.headers.authorization} ${Buffer.concat(chunks)}`);
    reply(response, got.length === 1 ? 401 : 201, { "www-authenticate": "Fresh" });
  });
  let header = "old";
  const authorizer: Authorizer = {
    header: async () => header,
    refused: async (challenge) => {
      header = `new ${challenge}`;
      return true;
    },
  };
  const body = { sizeBytes: 3, open: () => bytesOf("abc") };
  assert.equal((await http.exchange(url, { ...get, method: "PUT", body, again: false, authorizer })).status, 201);
  assert.deepEqual(got, ["old abc", "new Fresh abc"]);
});

test("another host's 401 is not for our credentials", async (t) => {
  const other = await start(t, (_, response) => void reply(response, 401, { "www-authenticate": "Basic" }));
  const { http, url } = await start(t, (_, response) => void reply(response, 302, { location: other.url.href }));
  const authorizer: Authorizer = {
    header: async () => "secret",
    refused: () => Promise.reject(new Error("it was asked")),
  };
  assert.equal((await http.exchange(url, { ...get, authorizer })).status, 401);
  assert.deepEqual(
    other.server.seen.map(({ headers }) => headers.authorization),
    [undefined],
  );
});
