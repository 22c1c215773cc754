// What apt takes and refuses of the same repositories: one apt-get update over all of them, in a root of its own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createHttpClient } from "../../../src/io/http.ts";
import { createMirrors } from "../../../src/io/mirrors.ts";
import { openStore } from "../../../src/io/store.ts";
import { openDebRepository } from "../../../src/packages/deb/repository.ts";
import { memoryAccess } from "../../../src/packages/memory-access.ts";
import { needs } from "../../kit/oracle.ts";
import {
  createSigner,
  makeSuite,
  type RepositoryFiles,
  repositoryOf,
  type Signing,
  type SuiteSpec,
  signed,
  wholeOf,
  writeRepository,
} from "../../kit/repository.ts";
import { temporaryFolder } from "../../kit/temporary.ts";

const dayMs = 86_400_000;
// apt knows no other clock than the machine's.
const daysFromNow = (days: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + days * dayMs);

interface Case {
  readonly name: string;
  readonly suite?: Partial<SuiteSpec>;
  /** `none`: not signed; `stranger`: by a key that is not trusted. */
  readonly signer?: "none" | "stranger";
  readonly signing?: Signing;
  /** Changes files after they were signed. */
  readonly change?: readonly [path: RegExp, change: (bytes: Buffer) => Uint8Array];
  /** Where we differ from apt on purpose. */
  readonly differs?: string;
}

const inText = (from: string | RegExp, to: string) => (bytes: Buffer) =>
  Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
const cases: readonly Case[] = [
  { name: "a signed repository" },
  { name: "one with Release.gpg", signing: { form: "Release.gpg" } },
  { name: "one with files by hash", suite: { byHash: true } },
  { name: "one that expires tomorrow", suite: { validUntil: daysFromNow(1) } },
  { name: "one that expired yesterday", suite: { validUntil: daysFromNow(-1) } },
  { name: "one of tomorrow", suite: { date: daysFromNow(1) } },
  {
    name: "one without a Date",
    suite: { fields: { Date: undefined } },
    differs: "apt 2.6 takes it; without a date a replay cannot be told",
  },
  { name: "one without a signature", signer: "none" },
  { name: "one that a stranger signed", signer: "stranger" },
  { name: "one whose InRelease was changed", change: [/InRelease$/, inText("Suite:", "Suites:")] },
  { name: "one with text before its InRelease", change: [/InRelease$/, inText(/^/, "Suite: sable\n\n")] },
  { name: "one with text after its InRelease", change: [/InRelease$/, inText(/$/, "\nSuite: sable\n")] },
  { name: "one whose index was changed", change: [/Packages/, inText(/.$/s, "x")] },
  { name: "one whose index is longer than it says", change: [/Packages/, inText(/$/, "\0")] },
  {
    name: "one with MD5 and SHA1 only",
    signing: {
      edit: (text) => text.replace(/SHA256:.*/s, `MD5Sum:\n ${"0".repeat(32)} 1 main/binary-amd64/Packages\n`),
    },
  },
  {
    name: "one with a field twice",
    signing: { edit: (text) => text.replace("Suite:", "Suite: sable\nSuite:") },
    differs: "apt reads the first of two fields; we do not guess",
  },
  {
    name: "one of another suite",
    suite: { codename: "older", fields: { Suite: "oldstable" } },
    differs: "apt only warns of a suite that is not the one asked for; we refuse it",
  },
];

test(
  "apt takes and refuses the same repositories, but where we are stricter",
  needs("gpg", "gpgv", "apt-get", "apt-cache"),
  async (t) => {
    const root = await temporaryFolder(t);
    const [signer, stranger] = [createSigner("archive"), createSigner("stranger")];
    t.after(() => void [signer.close(), stranger.close()]);

    const filesOf = (one: Case, index: number): RepositoryFiles => {
      const spec = {
        suite: "sable",
        date: daysFromNow(-3),
        packages: { main: { amd64: [{ name: `case-${index}` }] } },
        ...one.suite,
      };
      const plain = makeSuite(spec);
      const done =
        one.signer === "none"
          ? plain
          : signed(plain, one.signer === "stranger" ? stranger : signer, { at: daysFromNow(-3), ...one.signing });
      const [path, change] = one.change ?? [/^$/, (bytes: Buffer) => bytes];
      return new Map([...done].map(([name, bytes]) => [name, path.test(name) ? change(Buffer.from(bytes)) : bytes]));
    };
    for (const [index, one] of cases.entries()) await writeRepository(join(root, `${index}`), filesOf(one, index));

    const taken = await takenByApt(root, signer.key.armored);
    const http = createHttpClient({ userAgent: "dodai/test" });
    const mirrors = createMirrors({ store: await openStore(join(root, "store")), http, offline: true });
    const told: string[] = [];
    for (const [index, one] of cases.entries()) {
      const repository = repositoryOf({ urls: [join(root, `${index}`)], keys: [signer.key] });
      const outcome = await openDebRepository(repository, "amd64", {
        fetch: ({ urls }, path, options) => mirrors.fetch(urls, path, options),
        now: new Date(),
        compiled: {
          open: () => Promise.resolve(undefined),
          keep: async (_, bytes) => memoryAccess(await wholeOf(bytes)),
        },
        warn: assert.fail,
      }).then(
        () => "takes",
        () => "refuses",
      );
      const apt = taken.has(`case-${index}`) ? "takes" : "refuses";
      if ((outcome === apt) === (one.differs !== undefined))
        told.push(`${one.name}: dodai ${outcome} it, apt ${apt} it`);
    }
    assert.deepEqual(told, []);
  },
);

/** Names of packages that apt knows after an update. */
async function takenByApt(root: string, key: string): Promise<ReadonlySet<string>> {
  const apt = join(root, "apt");
  for (const folder of ["state/lists/partial", "cache/archives/partial", "etc"])
    await mkdir(join(apt, folder), { recursive: true });
  await writeFile(join(apt, "key.asc"), key);
  const sources = cases.map((_, index) => `deb [signed-by=${apt}/key.asc] copy:${root}/${index} sable main\n`);
  await writeFile(join(apt, "etc/sources.list"), sources.join(""));
  await writeFile(join(apt, "status"), "");
  const config = join(apt, "config");
  await writeFile(
    config,
    `Dir::State "${apt}/state"; Dir::State::status "${apt}/status"; Dir::Cache "${apt}/cache"; Dir::Etc "${apt}/etc";
APT::Architecture "amd64"; APT::Architectures { "amd64"; }; APT::Sandbox::User ""; Acquire::Languages "none";\n`,
  );
  const run = (program: string, ...args: string[]): string =>
    spawnSync(program, args, { encoding: "utf8", env: { ...process.env, APT_CONFIG: config, LC_ALL: "C" } }).stdout;
  run("apt-get", "update");
  return new Set(run("apt-cache", "pkgnames").split("\n"));
}
