import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { collect } from "../../src/core/bytes.ts";
import { createHttpClient } from "../../src/io/http.ts";
import { type Answer, type Loopback, startLoopback } from "../kit/loopback.ts";
import { needs, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const httpModule = fileURLToPath(new URL("../../src/io/http.ts", import.meta.url));

/** A server with a certificate that nobody vouches for, and the path of that certificate. */
async function serveTls(t: TestContext, answer: Answer): Promise<Loopback & { readonly certificate: string }> {
  const folder = await temporaryFolder(t);
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const named = ["-subj", "/CN=mirror.example", "-addext", "subjectAltName=IP:127.0.0.1,DNS:mirror.example"];
  run("openssl", ["req", "-x509", ...made, ...named, "-keyout", key, "-out", cert]);
  const tls = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  const server = await startLoopback(answer, { tls });
  t.after(() => server.close());
  return { ...server, certificate: cert };
}

/** What a process that trusts the certificate reads, or how it failed. */
async function readTrusting(
  certificate: string,
  url: string,
  environment: Record<string, string> = {},
): Promise<string> {
  const program = `
    import { createHttpClient } from ${JSON.stringify(httpModule)};
    const http = createHttpClient({ userAgent: "dodai/test", environment: ${JSON.stringify(environment)} });
    try {
      for await (const chunk of http.read(new URL(process.argv[1]), { maxBytes: 100, checked: false })) process.stdout.write(chunk);
    } catch (error) {
      process.stdout.write(error.kind + ": " + error.message);
    }
    http.close();`;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, url], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const text = collect(child.stdout, { maxBytes: 1000, what: "the test" });
  await once(child, "close");
  return Buffer.from(await text).toString();
}

test("a server whose certificate nobody vouches for is refused at once", needs("openssl"), async (t) => {
  const server = await serveTls(t, (_, response) => response.end("secret"));
  const http = createHttpClient({ userAgent: "dodai/test" });
  t.after(() => http.close());
  const bytes = http.read(new URL(server.url), { maxBytes: 100, checked: false });
  await assert.rejects(collect(bytes, { maxBytes: 100, what: "" }), {
    kind: "refused",
    message: "its certificate is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)",
  });
  assert.equal(server.seen.length, 0);
});

test("NODE_EXTRA_CA_CERTS vouches for a server, directly and through a proxy's tunnel", needs("openssl"), async (t) => {
  const server = await serveTls(t, (_, response) => response.end("content"));
  assert.equal(await readTrusting(server.certificate, `${server.url}/x`), "content");
  const proxy = await startLoopback(() => undefined, { tunnelTo: server.port });
  t.after(() => proxy.close());
  const environment = { https_proxy: proxy.url };
  assert.equal(await readTrusting(server.certificate, "https://mirror.example/x", environment), "content");
  assert.equal(proxy.seen[0]?.path, "CONNECT mirror.example:443");
});

test("a redirect from https: to http: is not followed", needs("openssl"), async (t) => {
  const plain = await startLoopback((_, response) => response.end("content"));
  t.after(() => plain.close());
  const server = await serveTls(t, (_, response) =>
    response.writeHead(302, { location: `${plain.url}/x?token=hunter2` }).end(),
  );
  assert.equal(
    await readTrusting(server.certificate, server.url),
    `refused: it redirects from https: to ${plain.url}/x?..., which is not followed`,
  );
  assert.equal(plain.seen.length, 0);
});
