import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseNetrc, readNetrc } from "../../src/io/netrc.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const netrc = `# a comment with machine in it
machine plain.example login ann password s3cret#1
machine port.example:8080
  login ben
  password b
macdef init
machine evil.example login x password y

machine paths.example/debian login deb password d
machine paths.example login all password a
machine https://secure.example login tls password t
default login anonymous password guest
`;

const asked = [
  { url: "http://plain.example/x", login: "ann" },
  { url: "https://plain.example/x", login: "ann" },
  { url: "http://plain.example:8080/x", login: "ann" },
  { url: "http://port.example:8080/x", login: "ben" },
  { url: "http://port.example/x", login: "anonymous" },
  { url: "http://evil.example/x", login: "anonymous" },
  { url: "http://paths.example/debian/dists", login: "deb" },
  { url: "http://paths.example/debian", login: "deb" },
  { url: "http://paths.example/debian-security/", login: "all" },
  { url: "https://secure.example/", login: "tls" },
  { url: "http://secure.example/", login: "anonymous" },
];
for (const { url, login } of asked) {
  test(`netrc gives ${login} for ${url}`, () => {
    assert.equal(parseNetrc(netrc, "netrc").credentialsFor(new URL(url))?.login, login);
  });
}

test("a # within a password is part of it", () => {
  assert.equal(parseNetrc(netrc, "netrc").credentialsFor(new URL("http://plain.example"))?.password, "s3cret#1");
});

test("an empty file has nothing for anybody", () => {
  assert.equal(parseNetrc("", "netrc").credentialsFor(new URL("http://a.example")), undefined);
});

const refused = [
  { name: "a word that no entry starts with", text: "login a password hunter2" },
  { name: "an unknown word in an entry", text: "machine a.example user x password hunter2" },
  { name: "a word without its value", text: "machine a.example login x password" },
  { name: "a machine without a name", text: "machine" },
  { name: "a machine that is no host", text: "machine a.example:port login x password hunter2" },
];
for (const { name, text } of refused) {
  test(`netrc with ${name} is refused without telling a password`, () => {
    assert.throws(
      () => parseNetrc(text, "/home/me/.netrc"),
      (error: Error & { code?: string }) => error.code === "USAGE" && !error.message.includes("hunter2"),
    );
  });
}

test("the file is the one that NETRC names, else that of the home folder, else none", async (t) => {
  const home = await temporaryFolder(t);
  const loginOf = async (environment: Record<string, string>): Promise<string | undefined> =>
    (await readNetrc(environment)).credentialsFor(new URL("http://a.example"))?.login;
  assert.equal(await loginOf({}), undefined);
  assert.equal(await loginOf({ HOME: home }), undefined);
  await writeFile(join(home, ".netrc"), "default login home");
  await writeFile(join(home, "other"), "default login other");
  assert.equal(await loginOf({ HOME: home }), "home");
  assert.equal(await loginOf({ HOME: home, NETRC: join(home, "other") }), "other");
  await assert.rejects(readNetrc({ NETRC: join(home, "none") }), { code: "USAGE" });
});
