// Universes of apt's own integration tests, each made for a bug. apt tests upgrades with them; here nothing is installed yet.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { solve } from "../../src/solver/solve.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { namesOf, problemOfRecords, recordsOfStanzas } from "./universe-text.ts";

const folder = "solver/apt-integration-data/Debian+apt/test/integration";

const cases: readonly {
  readonly name: string;
  readonly file: string;
  readonly install: string;
  readonly gives: string;
}[] = [
  {
    name: "takes the first of versioned alternatives",
    file: "Packages-bug-605394-versioned-or-groups",
    install: "php5",
    gives: "apache2-mpm-prefork 2.2.16-4, libapache2-mod-php5 5.3.3-4, php5 5.3.3-4",
  },
  {
    name: "takes the second when what the first needs conflicts with a request",
    file: "Packages-bug-605394-versioned-or-groups",
    install: "apache2-mpm-worker php5",
    gives: "apache2-mpm-worker 2.2.16-4, php5 5.3.3-4, php5-cgi 5.3.3-4",
  },
  {
    name: "takes the version that no longer provides what another breaks",
    file: "Packages-xorg-break-providers",
    install: "xserver-xorg-core xserver-xorg-video-vesa",
    gives: "xserver-xorg-core 2:1.7.7-8, xserver-xorg-video-vesa 1:2.3.0-4",
  },
  {
    name: "takes names that end in a plus as they are",
    file: "Packages-bug-593360-modifiers-in-names",
    install: "apt+ g++",
    gives: "apt+ 0.8.8, g++ 4:4.4.5-1",
  },
];

describe("apt's integration data", needs(fixture(folder)), () => {
  for (const { name, file, install, gives } of cases) {
    it(name, () => {
      const records = recordsOfStanzas(readFileSync(fixture(`${folder}/${file}`), "utf8"), "i386");
      const result = solve(problemOfRecords({ install, records, architecture: "i386" }));
      assert.equal(namesOf(result.kind === "solution" ? result.packages : []), gives);
    });
  }
});
