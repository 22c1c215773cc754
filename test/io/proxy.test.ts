import assert from "node:assert/strict";
import { test } from "node:test";
import { describeUrl, redact } from "../../src/io/http-redact.ts";
import { proxyFor } from "../../src/io/proxy.ts";

const P = "http://proxy.example:3128";
const asked = [
  { name: "nothing set", url: "http://a.example/", environment: {}, proxy: undefined },
  { name: "http_proxy", url: "http://a.example/", environment: { http_proxy: P }, proxy: P },
  { name: "HTTP_PROXY", url: "http://a.example/", environment: { HTTP_PROXY: P }, proxy: P },
  { name: "http_proxy for https:", url: "https://a.example/", environment: { http_proxy: P }, proxy: undefined },
  { name: "ALL_PROXY", url: "https://a.example/", environment: { ALL_PROXY: P }, proxy: P },
  {
    name: "the lower-case name first",
    url: "http://a.example/",
    environment: { http_proxy: P, HTTP_PROXY: "http://no" },
    proxy: P,
  },
  { name: "an empty variable", url: "http://a.example/", environment: { http_proxy: "" }, proxy: undefined },
  {
    name: "a proxy without a scheme",
    url: "http://a.example/",
    environment: { http_proxy: "proxy.example:3128" },
    proxy: P,
  },
];
for (const { name, url, environment, proxy } of asked) {
  test(`${name} means ${proxy ?? "no proxy"} for ${url}`, () => {
    assert.equal(proxyFor(new URL(url), environment)?.origin, proxy);
  });
}

const exempt = [
  { entry: "*", url: "http://a.example/", direct: true },
  { entry: "a.example", url: "http://a.example/", direct: true },
  { entry: "A.Example", url: "http://a.example/", direct: true },
  { entry: "b.example, a.example", url: "http://a.example/", direct: true },
  { entry: "example", url: "http://a.example/", direct: true },
  { entry: ".example", url: "http://a.example/", direct: true },
  { entry: "*.example", url: "http://a.example/", direct: true },
  { entry: "ample", url: "http://a.example/", direct: false },
  { entry: "a.example:80", url: "http://a.example/", direct: true },
  { entry: "a.example:8080", url: "http://a.example/", direct: false },
  { entry: "10.0.0.1", url: "http://10.0.0.1/", direct: true },
  { entry: "0.0.1", url: "http://10.0.0.1/", direct: false },
  { entry: "::1", url: "http://[::1]/", direct: true },
  { entry: "[::1]:80", url: "http://[::1]/", direct: true },
  { entry: "", url: "http://a.example/", direct: false },
];
for (const { entry, url, direct } of exempt) {
  test(`NO_PROXY "${entry}" ${direct ? "exempts" : "does not exempt"} ${url}`, () => {
    assert.equal(proxyFor(new URL(url), { http_proxy: P, no_proxy: entry }) === undefined, direct);
  });
}

test("a proxy of another kind is refused, without its password", () => {
  assert.throws(() => proxyFor(new URL("http://a.example"), { all_proxy: "socks5://u:hunter2@p.example" }), {
    code: "USAGE",
    message: 'Cannot use proxy "socks5://p.example": it is not an http: or https: URL',
  });
});

const shown = [
  { url: "https://user:hunter2@a.example/debian?token=hunter2#hunter2", text: "https://a.example/debian?..." },
  { url: "http://a.example/debian", text: "http://a.example/debian" },
  { url: "no url but http://user:hunter2@x", text: "no url but http://***@x" },
];
for (const { url, text } of shown) {
  test(`people read ${text}`, () => assert.equal(describeUrl(url), text));
}

test("credentials of URLs within a text of others are taken out", () => {
  const text = "GET https://a:b@c.example/ and https://u:p@ss@d.example/x?mail=me@home failed";
  assert.equal(redact(text), "GET https://***@c.example/ and https://***@d.example/x?mail=me@home failed");
});
