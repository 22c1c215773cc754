import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { vaultAddress } from "../../src/distros/centos/vault.ts";

describe("addresses of CentOS 7", () => {
  const moved: readonly (readonly [string, string])[] = [
    ["http://mirror.centos.org/centos/7/os/x86_64/", "http://vault.centos.org/7.9.2009/os/x86_64"],
    ["http://mirror.centos.org/centos/7/updates/$basearch", "http://vault.centos.org/7.9.2009/updates/$basearch"],
    ["http://mirror.centos.org/centos/7.1.1503/os/x86_64/", "http://vault.centos.org/7.1.1503/os/x86_64"],
    ["http://mirror.centos.org/altarch/7/os/aarch64/", "http://vault.centos.org/altarch/7.9.2009/os/aarch64"],
  ];
  for (const [from, to] of moved) it(`${from} is in the vault`, () => assert.equal(vaultAddress(from), to));
  const kept: readonly string[] = [
    "http://mirror.corp.example/centos/7/os/x86_64/",
    "http://mirror.centos.org/centos/6/os/x86_64/",
    "http://vault.centos.org/7.9.2009/os/x86_64",
    "file:///srv/centos/7/os/x86_64",
  ];
  for (const address of kept) it(`${address} stays`, () => assert.equal(vaultAddress(address), undefined));
});
