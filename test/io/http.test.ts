import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { collect } from "../../src/core/bytes.ts";
import { createHttpClient, type HttpOptions, type ReadOptions } from "../../src/io/http.ts";
import { usualRetries } from "../../src/io/http-retry.ts";
import { parseNetrc } from "../../src/io/netrc.ts";
import { type Answer, type Loopback, sendBytes, startLoopback } from "../kit/loopback.ts";

const content = Buffer.from("0123456789".repeat(20_000));
const quick = { ...usualRetries, firstDelayMs: 1, maxDelayMs: 2 };

async function serve(t: TestContext, answer: Answer): Promise<Loopback> {
  const server = await startLoopback(answer);
  t.after(() => server.close());
  return server;
}

async function read(
  t: TestContext,
  url: string,
  { options = {}, wanted = {} }: { options?: Partial<HttpOptions>; wanted?: Partial<ReadOptions> } = {},
): Promise<Uint8Array> {
  const client = createHttpClient({ userAgent: "dodai/test", retries: quick, ...options });
  t.after(() => client.close());
  const bytes = client.read(new URL(url), { maxBytes: 1 << 20, checked: false, ...wanted });
  return collect(bytes, { maxBytes: 1 << 21, what: "the test" });
}

test("reads a file and says who asks", async (t) => {
  const server = await serve(t, (request, response) => sendBytes(request, response, content));
  let seen = 0;
  const bytes = await read(t, `${server.url}/a`, { wanted: { onBytes: (count) => (seen += count) } });
  assert.deepEqual(bytes, content);
  assert.equal(seen, content.byteLength);
  assert.equal(server.seen[0]?.headers["user-agent"], "dodai/test");
  assert.equal(server.seen[0]?.headers["accept-encoding"], "identity");
});

test("does not decode what a server calls compressed", async (t) => {
  const server = await serve(t, (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("raw"));
  assert.equal(String(await read(t, `${server.url}/Packages.gz`)), "raw");
});

test("a truncated download goes on where it broke off", async (t) => {
  const server = await serve(t, (request, response, nth) =>
    sendBytes(request, response, content, nth < 4 ? { cutAfter: 50_000 } : {}),
  );
  assert.deepEqual(await read(t, `${server.url}/a`), content);
  const ranges = server.seen.map(({ headers }) => headers.range);
  assert.equal(ranges[0], undefined);
  assert.match(String(ranges[1]), /^bytes=\d+-$/);
  assert.ok(server.seen[1]?.headers["if-range"]);
});

test("a transfer without a length that ends early is gone on with when the size is known", async (t) => {
  const server = await serve(t, (request, response, nth) => {
    if (nth > 1) sendBytes(request, response, content);
    else response.writeHead(200, { connection: "close" }).end(content.subarray(0, 1000));
  });
  const wanted = { sizeBytes: content.byteLength, checked: true };
  assert.deepEqual(await read(t, `${server.url}/a`, { wanted }), content);
});

test("a server that begins again from the start is read on, without the part that was seen", async (t) => {
  const server = await serve(t, (_, response, nth) => {
    response.writeHead(200, { "content-length": String(content.byteLength) });
    if (nth > 1) response.end(content);
    else response.write(content.subarray(0, 3000), () => setTimeout(() => response.socket?.destroy(), 5));
  });
  assert.deepEqual(await read(t, `${server.url}/a`), content);
});

test("a file that changes while it is read is refused when nothing else checks it", async (t) => {
  const server = await serve(t, (request, response, nth) =>
    sendBytes(
      request,
      response,
      nth === 1 ? content : Buffer.alloc(content.byteLength, "x"),
      nth === 1 ? { cutAfter: 3000 } : {},
    ),
  );
  await assert.rejects(read(t, `${server.url}/a`), { kind: "refused", message: "it changed while it was read" });
});

const retried = [
  { name: "a connection reset", fail: (request) => request.socket.destroy() },
  { name: "a 500", fail: (_, response) => response.writeHead(500).end() },
  {
    name: "a 503 that asks for a second try at once",
    fail: (_, response) => response.writeHead(503, { "retry-after": "0" }).end(),
  },
  {
    name: "a 429 that names a time that is over",
    fail: (_, response) => response.writeHead(429, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }).end(),
  },
  { name: "a 408", fail: (_, response) => response.writeHead(408).end() },
  { name: "an answer that is not HTTP", fail: (request) => request.socket.end("SSH-2.0-OpenSSH_9.2\r\n") },
] as readonly { name: string; fail: Answer }[];
for (const { name, fail } of retried) {
  test(`tries again after ${name}`, async (t) => {
    const server = await serve(t, (request, response, nth) =>
      nth < 3 ? fail(request, response, nth) : sendBytes(request, response, content),
    );
    assert.deepEqual(await read(t, `${server.url}/a`), content);
    assert.equal(server.seen.length, 3);
  });
}

const final = [
  { name: "a 404", status: 404, headers: {}, kind: "missing" },
  { name: "a 410", status: 410, headers: {}, kind: "missing" },
  { name: "a 401", status: 401, headers: {}, kind: "refused" },
  { name: "a 503 that asks for an hour", status: 503, headers: { "retry-after": "3600" }, kind: "unavailable" },
  { name: "a redirect to a file", status: 302, headers: { location: "file:///etc/passwd" }, kind: "refused" },
  { name: "a redirect to no URL", status: 302, headers: { location: "http://[" }, kind: "refused" },
] as const;
for (const { name, status, headers, kind } of final) {
  test(`does not try again after ${name}`, async (t) => {
    const server = await serve(t, (_, response) => response.writeHead(status, headers).end());
    await assert.rejects(read(t, `${server.url}/a`), { kind });
    assert.equal(server.seen.length, 1);
  });
}

test("gives up after four attempts that bring nothing", async (t) => {
  const server = await serve(t, (_, response) => response.writeHead(502).end());
  await assert.rejects(read(t, `${server.url}/a`), { kind: "unavailable", message: "the server answers 502" });
  assert.equal(server.seen.length, 4);
});

test("gives up on a server that feeds a byte at a time", async (t) => {
  const server = await serve(t, (request, response) => sendBytes(request, response, content, { cutAfter: 1 }));
  await assert.rejects(read(t, `${server.url}/a`), { kind: "unavailable" });
  assert.equal(server.seen.length, 20);
});

test("an endless redirect ends", async (t) => {
  const server = await serve(t, (request, response) => response.writeHead(302, { location: `${request.url}x` }).end());
  await assert.rejects(read(t, `${server.url}/a`), { kind: "refused", message: "it redirects more than 10 times" });
});

const tooMuch = [
  { name: "by its length", noLength: false },
  { name: "as it comes", noLength: true },
];
for (const { name, noLength } of tooMuch) {
  test(`refuses a file that is too large, ${name}`, async (t) => {
    const server = await serve(t, (request, response) => sendBytes(request, response, content, { noLength }));
    const wanted = { maxBytes: 1000 };
    await assert.rejects(read(t, `${server.url}/a`, { wanted }), { message: "it is larger than 1000 bytes" });
  });
}

test("a captive portal's page is not the file", async (t) => {
  const server = await serve(t, (_, response) => response.end("<html>Sign in"));
  const wanted = { sizeBytes: content.byteLength, checked: true };
  await assert.rejects(read(t, `${server.url}/a`, { wanted }), { kind: "mismatch" });
});

test("a server that falls silent is left", async (t) => {
  const server = await serve(t, (_, response, nth) => {
    response.writeHead(200, { "content-length": "10" });
    if (nth === 1) response.write("01234");
    else response.end("0123456789");
  });
  const options = { timeouts: { connectMs: 1000, idleMs: 50 } };
  assert.equal(String(await read(t, `${server.url}/a`, { options })), "0123456789");
});

test("a host that is not there is unreachable", async (t) => {
  const server = await startLoopback(() => undefined);
  await server.close();
  await assert.rejects(read(t, `${server.url}/a`), { kind: "unreachable", message: "the connection was refused" });
});

test("Ctrl-C stops a read, a wait for another try and a wait for a connection", async (t) => {
  const server = await serve(t, (request, response) => {
    if (request.url === "/busy") response.writeHead(503, { "retry-after": "30" }).end();
    else response.writeHead(200, { "content-length": "10" }).write("01234");
  });
  const stop = new AbortController();
  const client = createHttpClient({ userAgent: "dodai/test", signal: stop.signal, connectionsPerHost: 2 });
  t.after(() => client.close());
  const wanted = { maxBytes: 100, checked: false };
  const reads = ["/slow", "/busy", "/queued"].map((path) =>
    collect(client.read(new URL(path, server.url), wanted), { maxBytes: 100, what: path }),
  );
  setTimeout(() => stop.abort(), 30);
  for (const one of await Promise.allSettled(reads)) {
    assert.equal(one.status === "rejected" && one.reason.code, "CANCELLED");
  }
});

test("no more than the allowed connections are open to one host", async (t) => {
  let open = 0;
  let most = 0;
  const server = await serve(t, (_, response) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      response.end("x");
    }, 5);
  });
  const client = createHttpClient({ userAgent: "dodai/test", connectionsPerHost: 3 });
  t.after(() => client.close());
  const one = (n: number): Promise<Uint8Array> =>
    collect(client.read(new URL(`/${n}`, server.url), { maxBytes: 9, checked: false }), { maxBytes: 9, what: "" });
  await Promise.all(Array.from({ length: 12 }, (_, n) => one(n)));
  assert.equal(most, 3);
});

test("one connection serves one file after the other", async (t) => {
  const ports = new Set<number | undefined>();
  const server = await serve(t, (request, response) => {
    ports.add(request.socket.remotePort);
    if (request.url === "/none") response.writeHead(404).end("nothing here");
    else sendBytes(request, response, content);
  });
  const client = createHttpClient({ userAgent: "dodai/test" });
  t.after(() => client.close());
  for (const path of ["/1", "/none", "/2"]) {
    const bytes = client.read(new URL(path, server.url), { maxBytes: 1 << 20, checked: false });
    await collect(bytes, { maxBytes: 1 << 20, what: path }).catch(() => undefined);
  }
  assert.equal(ports.size, 1);
});

test("only what nobody checks is asked for anew of a proxy that keeps copies", async (t) => {
  const server = await serve(t, (_, response) => response.end("x"));
  await read(t, `${server.url}/InRelease`);
  await read(t, `${server.url}/a.deb`, { wanted: { checked: true } });
  assert.deepEqual(
    server.seen.map(({ headers }) => headers["cache-control"]),
    ["max-age=0", undefined],
  );
});

test("a reader that stops early gives its connection back", async (t) => {
  const server = await serve(t, (request, response) => sendBytes(request, response, content));
  const client = createHttpClient({ userAgent: "dodai/test", connectionsPerHost: 1 });
  t.after(() => client.close());
  const wanted = { maxBytes: 1 << 20, checked: false };
  for (const path of ["/1", "/2", "/3"]) {
    for await (const chunk of client.read(new URL(path, server.url), wanted)) {
      assert.ok(chunk.byteLength > 0);
      break;
    }
  }
  assert.equal(server.seen.length, 3);
});

test("credentials of a URL and of netrc are sent", async (t) => {
  const server = await serve(t, (_, response) => response.end());
  await read(t, server.url.replace("//", "//us%40er:pa%3Ass@"));
  const netrc = parseNetrc("machine 127.0.0.1 login a password b", "netrc");
  await read(t, `${server.url}/netrc`, { options: { netrc } });
  const sent = server.seen.map(({ headers }) =>
    Buffer.from(headers.authorization?.slice(6) ?? "", "base64").toString(),
  );
  assert.deepEqual(sent, ["us@er:pa:ss", "a:b"]);
});

test("credentials go with a redirect to the same server, and never to another", async (t) => {
  const other = await serve(t, (_, response) => response.end("other"));
  const server = await serve(t, (request, response) => {
    const location = request.url === "/away" ? `${other.url}/x` : "/end";
    if (request.url === "/end") response.end("same");
    else response.writeHead(302, { location }).end();
  });
  const own = server.url.replace("//", "//user:secret@");
  assert.equal(String(await read(t, `${own}/stay`)), "same");
  assert.equal(String(await read(t, `${own}/away`)), "other");
  assert.ok(server.seen.every(({ headers }) => headers.authorization !== undefined));
  assert.equal(other.seen[0]?.headers.authorization, undefined);
});

test("requests go through a proxy, and not for the hosts of NO_PROXY", async (t) => {
  const proxy = await serve(t, (_, response) => response.end("by proxy"));
  const server = await serve(t, (_, response) => response.end("direct"));
  const environment = { http_proxy: proxy.url.replace("//", "//pu:pp@") };
  assert.equal(String(await read(t, "http://mirror.example/debian/x", { options: { environment } })), "by proxy");
  assert.equal(proxy.seen[0]?.path, "http://mirror.example/debian/x");
  const told = proxy.seen[0]?.headers["proxy-authorization"]?.slice(6) ?? "";
  assert.equal(Buffer.from(told, "base64").toString(), "pu:pp");
  const except = { ...environment, NO_PROXY: "mirror.example,127.0.0.1" };
  assert.equal(String(await read(t, `${server.url}/x`, { options: { environment: except } })), "direct");
});

test("https: goes through a tunnel of the proxy, whose refusal is told without its password", async (t) => {
  const proxy = await serve(t, () => undefined);
  const environment = { ALL_PROXY: proxy.url.replace("//", "//pu:pp@") };
  await assert.rejects(read(t, "https://mirror.example/x", { options: { environment } }), {
    kind: "unreachable",
    message: "the proxy gave no connection to the host",
  });
  assert.equal(proxy.seen[0]?.path, "CONNECT mirror.example:443");
});
