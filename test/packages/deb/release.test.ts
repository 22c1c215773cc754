import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { DodaiError } from "../../../src/core/dodai-error.ts";
import { openCleartext } from "../../../src/crypto/openpgp/cleartext.ts";
import { policyAt } from "../../../src/crypto/openpgp/policy.ts";
import { parseKeyring } from "../../../src/crypto/openpgp/public-key.ts";
import { verifyDetached } from "../../../src/crypto/openpgp/verify.ts";
import { parseRelease, type Release } from "../../../src/packages/deb/release.ts";
import { assertFresh, assertSuite } from "../../../src/packages/deb/release-check.ts";
import { fixture, needs } from "../../kit/oracle.ts";

const live = fixture("deb/debian-live");
const now = new Date("2026-11-24T08:00:00Z");
const digest = "a".repeat(64);
const text = (fields: Readonly<Record<string, string>> = {}): string =>
  Object.entries({
    Suite: "stable",
    Codename: "sable",
    Date: "Sat, 21 Nov 2026 09:15:44 UTC",
    SHA256: `\n ${digest} 12 main/binary-amd64/Packages`,
    ...fields,
  })
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");

const suites = [
  { suite: "trixie", date: "2026-11-21T09:15:44.000Z" },
  { suite: "bookworm", date: "2026-07-11T10:16:37.000Z" },
  { suite: "bookworm-updates", date: "2026-11-22T02:09:05.000Z" },
];
for (const { suite, date } of suites) {
  test(`Debian's InRelease of ${suite} verifies, parses and equals its Release`, needs(live), () => {
    const keyring = parseKeyring(readFileSync(`${live}/debian-archive-keyring.gpg`));
    const file = readFileSync(`${live}/${suite}/InRelease`);
    const opened = openCleartext(file, { keyring, policy: policyAt(now), what: suite });
    const release = parseRelease(Buffer.from(opened.text).toString(), suite);
    assert.deepEqual(parseRelease(readFileSync(`${live}/${suite}/Release`, "utf8"), suite), release);
    assert.equal(release.codename, suite);
    assert.equal(release.date.toISOString(), date);
    assert.equal(release.separateAll, false);
    assert.equal(release.acquireByHash, true);
    assert.ok(release.files.get("main/binary-amd64/Packages.xz"));
    assertFresh(release, { now, archived: false, what: suite });
    assertSuite(release, suite, suite);
  });
}

// The Release.gpg of the other two were fetched from a mirror between two updates: gpgv too calls them bad.
const detached = [
  { suite: "bookworm", good: 3 },
  { suite: "trixie", good: 0 },
  { suite: "bookworm-updates", good: 0 },
];
for (const { suite, good } of detached) {
  test(`Debian's Release.gpg of ${suite} has ${good} good signatures`, needs(live), () => {
    const keyring = parseKeyring(readFileSync(`${live}/debian-archive-keyring.gpg`));
    const signature = readFileSync(`${live}/${suite}/Release.gpg`);
    const options = { keyring, policy: policyAt(now), signature };
    const { signatures } = verifyDetached(readFileSync(`${live}/${suite}/Release`), options);
    assert.equal(signatures.filter(({ kind }) => kind === "good").length, good);
  });
}

const dates = [
  { text: "Sat, 21 Nov 2026 09:15:44 UTC", iso: "2026-11-21T09:15:44.000Z" },
  { text: "Thu,  5 Feb 2026  1:02:03 +0000", iso: "2026-02-05T01:02:03.000Z" },
  { text: "21 Nov 0050 09:15:44 UTC", iso: "0050-11-21T09:15:44.000Z" },
  { text: "29 Feb 2024 23:59:59 GMT", iso: "2024-02-29T23:59:59.000Z" },
];
for (const { text: date, iso } of dates) {
  test(`the date "${date}" is ${iso}`, () => {
    assert.equal(parseRelease(text({ Date: date }), "r").date.toISOString(), iso);
  });
}

const refused = [
  { name: "without a date", text: text({ Date: "" }) },
  { name: "with a date in another zone", text: text({ Date: "Sat, 21 Nov 2026 09:15:44 +0200" }) },
  { name: "with a date that is none", text: text({ Date: "Sun, 30 Feb 2026 09:15:44 UTC" }) },
  { name: "with a minute that is none", text: text({ Date: "Sat, 21 Nov 2026 09:99:44 UTC" }) },
  { name: "with a Valid-Until that is no date", text: text({ "Valid-Until": "forever" }) },
  {
    name: "with MD5 and SHA1 only",
    text: text({ SHA256: "", MD5Sum: `\n ${"a".repeat(32)} 1 a`, SHA1: `\n ${"a".repeat(40)} 1 a` }),
  },
  { name: "without any sums", text: text({ SHA256: "" }) },
  { name: "with a line of SHA256 that has no size", text: text({ SHA256: `\n ${digest} Packages` }) },
  { name: "with a digest that is too short", text: text({ SHA256: `\n ${"a".repeat(63)} 1 Packages` }) },
  {
    name: "that lists one path with two digests",
    text: text({ SHA256: `\n ${digest} 1 a\n ${"b".repeat(64)} 1 ./a` }),
  },
  { name: "with a field twice", text: `${text()}Suite: other\n` },
  { name: "of two stanzas", text: `${text()}\n${text()}` },
  { name: "that is empty", text: "" },
  { name: "that is a page of a captive portal", text: "<html><body>Sign in</body></html>" },
];
for (const { name, text: broken } of refused) {
  test(`refuses a release ${name}`, () => {
    assert.throws(() => parseRelease(broken, "Release of x"), { code: "RELEASE_SYNTAX" });
  });
}

test("whatever the text, a release is read or refused as such", () => {
  const line = fc.oneof(
    fc.constantFrom(
      "Suite: x",
      "Date: Sat, 21 Nov 2026 09:15:44 UTC",
      "SHA256:",
      ` ${digest} 1 a`,
      "",
      " .",
      "Valid-Until: never",
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      try {
        assert.ok(parseRelease(lines.join("\n"), "r").files.size > 0);
      } catch (error) {
        assert.equal((error as DodaiError).code, "RELEASE_SYNTAX");
      }
    }),
    { numRuns: 300 },
  );
});

const allKept = [
  { name: "no architecture all", fields: { Architectures: "amd64" }, separate: false },
  { name: "an architecture all", fields: { Architectures: "all amd64" }, separate: true },
  {
    name: "all in each index",
    fields: { Architectures: "all amd64", "No-Support-for-Architecture-all": "Packages" },
    separate: false,
  },
];
for (const { name, fields, separate } of allKept) {
  test(`with ${name} binary-all is ${separate ? "" : "not "}read`, () => {
    assert.equal(parseRelease(text(fields), "r").separateAll, separate);
  });
}

const made = (validUntil?: string): Release =>
  parseRelease(text(validUntil === undefined ? {} : { "Valid-Until": validUntil }), "r");
const what = 'InRelease of "x"';
const past = "Mon, 23 Nov 2026 08:00:00 UTC";

test("a release is good until its Valid-Until, and without one for ever", () => {
  assertFresh(made(), { now: new Date("2100-01-01T00:00:00Z"), archived: false, what });
  assertFresh(made("Tue, 24 Nov 2026 08:00:00 UTC"), { now, archived: false, what });
  assertFresh(made(past), { now, archived: true, what });
  assert.throws(() => assertFresh(made(past), { now, archived: false, what }), {
    code: "RELEASE_EXPIRED",
    message: 'Cannot use InRelease of "x": it expired on 2026-11-23T08:00:00Z, now is 2026-11-24T08:00:00Z',
  });
});

test("a release is not from the future, but for a clock that is minutes late", () => {
  const late = new Date("2026-11-21T09:11:00Z");
  assertFresh(made(), { now: late, archived: false, what });
  const early = new Date("2026-11-21T09:10:00Z");
  assert.throws(() => assertFresh(made(), { now: early, archived: true, what }), { code: "RELEASE_FROM_FUTURE" });
});

const names = [
  { wanted: "stable", fits: true },
  { wanted: "sable", fits: true },
  { wanted: "sable/updates", fits: true },
  { wanted: "oldstable", fits: false },
  { wanted: "stabl", fits: false },
  { wanted: "/stable", fits: false },
];
for (const { wanted, fits } of names) {
  test(`a release of stable and sable is ${fits ? "" : "not "}what "${wanted}" asks for`, () => {
    const check = (): void => assertSuite(made(), wanted, what);
    if (fits) check();
    else assert.throws(check, { code: "RELEASE_WRONG_SUITE" });
  });
}

test("a release without any name is no suite", () => {
  const nameless = parseRelease(text({ Suite: "", Codename: "" }), "r");
  assert.throws(() => assertSuite(nameless, "sable", what), { code: "RELEASE_WRONG_SUITE" });
});
