import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, it, type TestContext, test } from "node:test";
import { collect } from "../../src/core/bytes.ts";
import { parseImageName } from "../../src/core/image-name.ts";
import { bundleSource } from "../../src/image/bundle-source.ts";
import { readImageGraph } from "../../src/image/image-graph.ts";
import type { HttpClient } from "../../src/io/http.ts";
import type { ExchangeOptions } from "../../src/io/http-exchange.ts";
import type { Registry } from "../../src/io/registry.ts";
import { parseChallenge } from "../../src/io/registry-challenge.ts";
import { connect } from "../../src/io/registry-connection.ts";
import { type Credential, openCredentials } from "../../src/io/registry-credentials.ts";
import { createRegistryAuth } from "../../src/io/registry-token.ts";
import { bodyOf, type FakeRegistry, reply, startFakeRegistry } from "../kit/fake-registry.ts";
import { makeBundle } from "../kit/image.ts";
import { sendBytes } from "../kit/loopback.ts";
import { needs } from "../kit/oracle.ts";
import { registryClient, startRegistry } from "../kit/registry.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const bundle = makeBundle();

async function roundTrip(client: Registry, host: string): Promise<void> {
  const source = bundleSource(bundle);
  const name = parseImageName(`${host}/team/app:1`);
  await client.push({ source, graph: await readImageGraph(source), name });
  const pulled = client.source(name);
  for (const pointer of (await readImageGraph(pulled)).blobs) {
    await collect(pulled.blob(pointer), { maxBytes: 1 << 20, what: "a blob" });
  }
}

const auth = Buffer.from("someone:secret").toString("base64");

/** A folder with a config.json. */
async function writeConfig(t: TestContext, value: unknown, name = "config.json"): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, name), typeof value === "string" ? value : JSON.stringify(value));
  return folder;
}

const logins: readonly {
  readonly name: string;
  readonly environment: (t: TestContext, host: string) => Promise<Record<string, string>>;
}[] = [
  {
    name: "config.json of docker login",
    environment: async (t, host) => ({ DOCKER_CONFIG: await writeConfig(t, { auths: { [host]: { auth } } }) }),
  },
  {
    name: "auth.json of podman login",
    environment: async (t, host) => ({
      REGISTRY_AUTH_FILE: join(await writeConfig(t, { auths: { [host]: { auth } } }, "auth.json"), "auth.json"),
    }),
  },
  {
    name: "a credential helper",
    environment: async (t, host) => {
      const folder = await writeConfig(t, { credHelpers: { [host]: "test" } });
      const helper = join(folder, "docker-credential-test");
      const said = `{"ServerURL":"x","Username":"someone","Secret":"secret"}`;
      await writeFile(helper, `#!/bin/sh\nread -r server; [ "$1:$server" = "get:${host}" ] && echo '${said}'\n`);
      await chmod(helper, 0o755);
      return { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env.PATH}` };
    },
  },
];

describe("docker-registry with a password takes", () => {
  for (const { name, environment } of logins) {
    it(name, needs("docker-registry"), async (t) => {
      const server = await startRegistry(t, { auth: true });
      const client = registryClient(t, { environment: await environment(t, server.host) });
      await roundTrip(client, server.host);
    });
  }
});

test(
  "without credentials, or with wrong ones, docker-registry denies, and no secret is told",
  needs("docker-registry"),
  async (t) => {
    const server = await startRegistry(t, { auth: true });
    const wrong = Buffer.from("someone:hunter2").toString("base64");
    const folder = await writeConfig(t, { auths: { [server.host]: { auth: wrong } } });
    for (const environment of [{}, { DOCKER_CONFIG: folder }]) {
      const told = await roundTrip(registryClient(t, { environment }), server.host).catch((error: unknown) => error);
      assert.ok(told instanceof Error && "code" in told && "fix" in told);
      assert.equal(told.code, "REGISTRY_DENIED");
      assert.match(String(told.fix), /docker login 127\.0\.0\.1/);
      assert.doesNotMatch(JSON.stringify([told.message, told.fix, told.cause]), /hunter2|c29tZW9uZ/);
    }
  },
);

/** A registry behind bearer tokens, each of which is good for so many requests. */
async function startGuarded(
  t: TestContext,
  { uses = Number.POSITIVE_INFINITY, onBlob, denied, tokensAt = "" }: GuardOptions = {},
): Promise<FakeRegistry & { readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const left = new Map<string, number>();
  const server = await startFakeRegistry(t, {
    instead: async (request, response) => {
      const url = new URL(request.url ?? "", "http://x");
      if (url.pathname === "/token") {
        const body = Buffer.from(await bodyOf(request)).toString();
        asked.push([request.method, url.search || body, request.headers.authorization].filter(Boolean).join(" "));
        if (denied?.test(url.search)) return reply(response, 403);
        if (tokensAt !== "") return reply(response, 307, { location: `${tokensAt}${url.search}` });
        const token = `token-${asked.length}`;
        left.set(token, uses);
        return reply(response, 200, {}, JSON.stringify({ access_token: token, expires_in: 300 }));
      }
      if (url.pathname === "/v2/") return false;
      const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
      const count = left.get(token) ?? 0;
      left.set(token, count - 1);
      if (count > 0) return (await onBlob?.(request, response)) ?? false;
      await bodyOf(request);
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="a, b",scope="ignored"`;
      return reply(response, 401, { "www-authenticate": challenge });
    },
  });
  return { ...server, asked };
}

interface GuardOptions {
  readonly uses?: number;
  readonly onBlob?: Guard;
  /** Scopes for which no token is given. */
  readonly denied?: RegExp;
  /** Where the token server sends everybody on to. */
  readonly tokensAt?: string;
}

type Guard = (request: IncomingMessage, response: ServerResponse) => boolean;

const known = (credential: Credential | undefined) => ({ credentials: { find: async () => credential } });

const tokens: readonly {
  readonly name: string;
  readonly credential: Credential | undefined;
  readonly asked: RegExp;
}[] = [
  {
    name: "nobody",
    credential: undefined,
    asked: /^GET \?service=a%2C\+b&scope=repository%3Ateam%2Fapp%3Apull(?:%2Cpush)?$/,
  },
  {
    name: "a password",
    credential: { kind: "password", login: "someone", password: "secret" },
    asked: new RegExp(`^GET \\?service=.*&scope=.*&account=someone Basic ${auth}$`),
  },
  {
    name: "an identity token",
    credential: { kind: "identity-token", token: "refresh" },
    asked: /^POST grant_type=refresh_token&refresh_token=refresh&client_id=dodai&service=a%2C\+b&scope=/,
  },
];

describe("a token is asked for as", () => {
  for (const { name, credential, asked } of tokens) {
    it(name, async (t) => {
      const server = await startGuarded(t);
      await roundTrip(registryClient(t, known(credential)), server.host);
      assert.equal(server.asked.length, 2, "one to push, one to pull");
      for (const one of server.asked) assert.match(one, asked);
    });
  }
});

test("a token that ends while blobs go in both directions is renewed", async (t) => {
  const server = await startGuarded(t, { uses: 2 });
  await roundTrip(registryClient(t), server.host);
  assert.ok(server.asked.length > 4);
});

test("a token that ends in the middle of a blob is renewed, and the blob gone on with", async (t) => {
  let done = false;
  const cut: Guard = (request, response) => {
    const blob = server.blobs.get(request.url?.split("/").at(-1) ?? "");
    if (request.method !== "GET" || done || blob === undefined) return false;
    done = true;
    sendBytes(request, response, blob, { cutAfter: 10 });
    return true;
  };
  const server = await startGuarded(t, { uses: 1, onBlob: (...args) => cut(...args) });
  await roundTrip(registryClient(t), server.host);
  assert.ok(server.seen.some(({ headers }) => headers.range === "bytes=10-"));
});

test("a registry that takes no token is left after one new one", async (t) => {
  const server = await startGuarded(t, { uses: 0 });
  await assert.rejects(
    registryClient(t)
      .source(parseImageName(`${server.host}/app`))
      .root(),
    { code: "REGISTRY_DENIED" },
  );
  assert.equal(server.asked.length, 1);
});

test("who may not read another repository does not mount from it, and pushes all the same", async (t) => {
  const server = await startGuarded(t, { denied: /secret/ });
  const client = registryClient(t);
  const source = bundleSource(bundle);
  const graph = await readImageGraph(source);
  const [from, name] = ["secret/app", "team/app"].map((path) => parseImageName(`${server.host}/${path}`));
  assert.ok(from && name);
  assert.equal((await client.push({ source, graph, name, from })).sent, 3);
  assert.ok(server.asked.some((one) => one.includes("secret")));
});

test("a token server that sends us on to another host does not take our credentials there", async (t) => {
  const seen: (string | undefined)[] = [];
  const stranger = await startFakeRegistry(t, {
    instead: (request, response) => {
      seen.push(request.headers.authorization);
      return reply(response, 401);
    },
  });
  const server = await startGuarded(t, { tokensAt: `http://localhost:${stranger.port}/token` });
  const client = registryClient(t, known({ kind: "password", login: "someone", password: "secret" }));
  await assert.rejects(client.source(parseImageName(`${server.host}/app`)).root(), { code: "REGISTRY_DENIED" });
  assert.deepEqual(seen, [undefined]);
  const refreshing = registryClient(t, known({ kind: "identity-token", token: "refresh" }));
  await assert.rejects(refreshing.source(parseImageName(`${server.host}/app`)).root(), { code: "REGISTRY_FAILED" });
  assert.deepEqual(seen, [undefined]);
});

test("a registry token is sent as it is", async (t) => {
  const server = await startFakeRegistry(t, {
    instead: (request, response) => {
      if (request.url === "/v2/" || request.headers.authorization === "Bearer given") return false;
      return reply(response, 401, { "www-authenticate": 'Bearer realm="http://127.0.0.1:1/token"' });
    },
  });
  await roundTrip(registryClient(t, known({ kind: "registry-token", token: "given" })), server.host);
});

test("what a registry says in its errors is told without what looks like a secret", async (t) => {
  const message = "no Bearer eyJhbGciOi here, see https://someone:secret@registry.example/";
  const server = await startFakeRegistry(t, {
    instead: (request, response) =>
      request.url !== "/v2/" && reply(response, 403, {}, JSON.stringify({ errors: [{ code: "DENIED", message }] })),
  });
  await assert.rejects(
    registryClient(t)
      .source(parseImageName(`${server.host}/app`))
      .root(),
    (error: Error) => {
      assert.doesNotMatch(error.message, /eyJ|secret/);
      assert.match(error.message, /DENIED/);
      return true;
    },
  );
});

/** An HTTP client that only notes what it is asked for. */
function notingHttp(urls: string[]): HttpClient {
  const exchange = async (url: URL, { headers, authorizer }: ExchangeOptions): Promise<never> => {
    urls.push(url.href);
    await authorizer?.header();
    throw new Error(`asked for ${url.href} ${JSON.stringify(headers)}`);
  };
  const read = (): never => {
    throw new Error("nothing is read");
  };
  return { exchange, read, close: () => undefined };
}

test("a token server without TLS is not asked for a registry that has it", async () => {
  const urls: string[] = [];
  const credential = async (): Promise<Credential> => ({ kind: "password", login: "someone", password: "secret" });
  const guarded = createRegistryAuth({
    http: notingHttp(urls),
    registry: "registry.example",
    insecure: false,
    credential,
  });
  const authorizer = guarded.authorizer(["repository:app:pull"]);
  assert.equal(await authorizer.refused('Bearer realm="http://token.example/"'), true);
  await assert.rejects(authorizer.header(), { code: "REGISTRY_FAILED", message: /not sent in clear text/ });
  await authorizer.refused('Bearer realm="file:///etc/passwd"');
  await assert.rejects(authorizer.header(), { code: "REGISTRY_FAILED" });
  assert.deepEqual(urls, []);
});

const schemes: readonly {
  readonly name: string;
  readonly insecureHttp: boolean | readonly string[];
  readonly urls: readonly string[];
}[] = [
  { name: "is asked over TLS alone", insecureHttp: false, urls: ["https://registry.example/v2/app/manifests/1"] },
  {
    name: "is asked over TLS alone when others may do without",
    insecureHttp: ["other.example"],
    urls: ["https://registry.example/v2/app/manifests/1"],
  },
  {
    name: "is asked over TLS first when it may do without",
    insecureHttp: ["registry.example"],
    urls: ["https://registry.example/v2/"],
  },
];

describe("a registry that is not this machine", () => {
  for (const { name, insecureHttp, urls } of schemes) {
    it(name, async () => {
      const asked: string[] = [];
      const credentials = { find: async () => undefined };
      const place = { registry: "registry.example", host: "registry.example", repository: "app" };
      const connection = connect(place, { http: notingHttp(asked), credentials, insecureHttp, offline: false });
      const request = { cannot: "", at: "manifests/1", method: "GET", actions: "pull", again: true } as const;
      await assert.rejects(connection.ask(request), /asked for/);
      assert.deepEqual(asked, urls);
    });
  }
  it("may not name a place for uploads without TLS", async () => {
    const place = { registry: "registry.example", host: "registry.example", repository: "app" };
    const credentials = { find: async () => undefined };
    const connection = connect(place, { http: notingHttp([]), credentials, insecureHttp: false, offline: false });
    await assert.rejects(connection.resolve("http://registry.example/upload"), { code: "REGISTRY_FAILED" });
    await assert.rejects(connection.resolve("ftp://registry.example/upload"), { code: "REGISTRY_FAILED" });
    assert.equal((await connection.resolve("/v2/app/x?a=b")).href, "https://registry.example/v2/app/x?a=b");
  });
});

const challenges: readonly (readonly [name: string, header: string | undefined, expected: unknown])[] = [
  ["nothing", undefined, undefined],
  ["Basic", 'Basic realm="a, b"', { kind: "basic" }],
  [
    "Bearer",
    'Bearer realm="https://a/t",service="s",scope="x:y:z"',
    { kind: "bearer", realm: "https://a/t", service: "s" },
  ],
  [
    "Bearer without quotes",
    "bearer realm=https://a/t, service=s",
    { kind: "bearer", realm: "https://a/t", service: "s" },
  ],
  [
    "several",
    'Basic realm="x", Bearer realm="https://a/t"',
    { kind: "bearer", realm: "https://a/t", service: undefined },
  ],
  ["escapes", String.raw`Bearer realm="https://a/\"t"`, { kind: "bearer", realm: 'https://a/"t', service: undefined }],
  ["Bearer without realm", 'Bearer service="s"', undefined],
  ["another scheme", 'Negotiate abc=, Digest realm="x"', undefined],
  ["garbage", '=,,"""', undefined],
];

describe("parseChallenge reads", () => {
  for (const [name, header, expected] of challenges) {
    it(name, () => assert.deepEqual(parseChallenge(header), expected));
  }
});

const password = (login: string, secret: string): Credential => ({ kind: "password", login, password: secret });
const encode = (text: string): { readonly auth: string } => ({ auth: Buffer.from(text).toString("base64") });

const kept: readonly {
  readonly name: string;
  readonly config: unknown;
  readonly registry?: string;
  readonly expected: Credential | undefined;
}[] = [
  { name: "a host", config: { auths: { "r.example": encode("a:b:c") } }, expected: password("a", "b:c") },
  {
    name: "a host with https://",
    config: { auths: { "https://r.example/v1/": encode("a:b") } },
    expected: password("a", "b"),
  },
  { name: "a port that differs", config: { auths: { "r.example:5000": encode("a:b") } }, expected: undefined },
  { name: "a host that only begins so", config: { auths: { "r.example.evil": encode("a:b") } }, expected: undefined },
  {
    name: "a repository before its host",
    config: { auths: { "r.example": encode("a:b"), "r.example/team": encode("c:d") } },
    expected: password("c", "d"),
  },
  { name: "another repository", config: { auths: { "r.example/tea": encode("a:b") } }, expected: undefined },
  {
    name: "Docker Hub by its first address",
    registry: "docker.io",
    config: { auths: { "https://index.docker.io/v1/": encode("a:b") } },
    expected: password("a", "b"),
  },
  {
    name: "an identity token",
    config: { auths: { "r.example": { ...encode("a:"), identitytoken: "t" } } },
    expected: { kind: "identity-token", token: "t" },
  },
  {
    name: "a registry token",
    config: { auths: { "r.example": { registrytoken: "t" } } },
    expected: { kind: "registry-token", token: "t" },
  },
  {
    name: "name and password in clear",
    config: { auths: { "r.example": { username: "a", password: "b" } } },
    expected: password("a", "b"),
  },
  { name: "padding", config: { auths: { "r.example": encode("a:b\0\0") } }, expected: password("a", "b") },
  { name: "an empty entry, as a helper's", config: { auths: { "r.example": {} } }, expected: undefined },
  { name: "an empty file", config: "", expected: undefined },
  { name: "no auths", config: { HttpHeaders: {} }, expected: undefined },
];

describe("credentials are found by", () => {
  for (const { name, config, registry = "r.example", expected } of kept) {
    it(name, async (t) => {
      const credentials = openCredentials({ DOCKER_CONFIG: await writeConfig(t, config) });
      assert.deepEqual(await credentials.find(registry, "team/app"), expected);
    });
  }
});

test("the first file that knows a registry counts", async (t) => {
  const home = await temporaryFolder(t);
  for (const [path, login] of [
    [".docker/config.json", "docker"],
    [".config/containers/auth.json", "podman"],
  ] as const) {
    await mkdir(join(home, path, ".."), { recursive: true });
    await writeFile(
      join(home, path),
      JSON.stringify({ auths: { "r.example": encode(`${login}:x`), [`${login}.example`]: encode("own:x") } }),
    );
  }
  const named = await writeConfig(t, { auths: { "r.example": encode("named:x") } });
  const found = async (environment: Record<string, string>, registry = "r.example"): Promise<string> => {
    const credential = await openCredentials(environment).find(registry, "app");
    return credential?.kind === "password" ? credential.login : "none";
  };
  assert.equal(await found({ HOME: home }), "podman");
  assert.equal(await found({ HOME: home }, "docker.example"), "own");
  assert.equal(await found({ HOME: home, DOCKER_CONFIG: named }), "named");
  assert.equal(await found({ HOME: home, REGISTRY_AUTH_FILE: join(named, "config.json") }), "named");
  assert.equal(await found({}), "none");
});

const unusable: readonly { readonly name: string; readonly config: unknown; readonly helper?: string }[] = [
  { name: "no JSON", config: '{"auths": {"r.example": {"auth": "c2VjcmV0' },
  { name: "a list", config: [] },
  { name: "an auth without a colon", config: { auths: { "r.example": encode("secret") } } },
  { name: "a helper whose name is a path", config: { credsStore: "../../secret" } },
  { name: "a helper that is not there", config: { credsStore: "nowhere" } },
  { name: "a helper that fails", config: { credsStore: "test" }, helper: "echo secret; exit 1" },
  { name: "a helper that says something else", config: { credsStore: "test" }, helper: "echo secret" },
  { name: "a helper that says too much", config: { credsStore: "test" }, helper: "yes secret" },
];

describe("credentials are refused, and not told, with", () => {
  for (const { name, config, helper } of unusable) {
    it(name, async (t) => {
      const folder = await writeConfig(t, config);
      if (helper !== undefined) {
        await writeFile(join(folder, "docker-credential-test"), `#!/bin/sh\n${helper}\n`, { mode: 0o755 });
      }
      const credentials = openCredentials({ DOCKER_CONFIG: folder, PATH: `${folder}:${process.env.PATH}` });
      await assert.rejects(credentials.find("r.example", "app"), (error: Error & { code?: string; fix?: string }) => {
        assert.equal(error.code, "CREDENTIALS_UNUSABLE");
        assert.doesNotMatch(`${error.message} ${error.fix} ${String(error.cause)}`, /secret|c2Vj/);
        return true;
      });
    });
  }
});

test("of one file the registry's own helper counts first, then the helper of all, then what is in the file", async (t) => {
  const found = async (config: Record<string, unknown>): Promise<string | undefined> => {
    const auths = { "r.example": encode("file:x") };
    const folder = await writeConfig(t, { auths, ...config });
    for (const name of ["own", "all"]) {
      const said = JSON.stringify({ ServerURL: "r.example", Username: name, Secret: "x" });
      await writeFile(join(folder, `docker-credential-${name}`), `#!/bin/sh\necho '${said}'\n`, { mode: 0o755 });
    }
    const credentials = openCredentials({ DOCKER_CONFIG: folder, PATH: `${folder}:${process.env.PATH}` });
    const credential = await credentials.find("r.example", "team/app");
    return credential?.kind === "password" ? credential.login : undefined;
  };
  assert.equal(await found({ credHelpers: { "r.example": "own" }, credsStore: "all" }), "own");
  assert.equal(await found({ credHelpers: { "other.example": "own" }, credsStore: "all" }), "all");
  assert.equal(await found({ credHelpers: { "other.example": "own" } }), "file");
});

test("a helper that knows nothing leaves it to the file", async (t) => {
  const folder = await writeConfig(t, { credsStore: "test", auths: { "r.example": encode("a:b") } });
  const script = "#!/bin/sh\necho 'credentials not found in native keychain'; exit 1\n";
  await writeFile(join(folder, "docker-credential-test"), script, { mode: 0o755 });
  const credentials = openCredentials({ DOCKER_CONFIG: folder, PATH: `${folder}:${process.env.PATH}` });
  assert.deepEqual(await credentials.find("r.example", "app"), password("a", "b"));
});
