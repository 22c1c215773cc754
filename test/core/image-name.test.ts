import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatImageName, formatShortImageName, parseImageName } from "../../src/core/image-name.ts";

const hex = "0123456789abcdef".repeat(4);

/** text, whole name, name as Docker shows it. */
const read: readonly (readonly [string, string, string])[] = [
  ["debian", "docker.io/library/debian:latest", "debian:latest"],
  ["debian:trixie", "docker.io/library/debian:trixie", "debian:trixie"],
  // Without its registry "localhost" would be one.
  ["docker.io/localhost/a", "docker.io/localhost/a:latest", "docker.io/localhost/a:latest"],
  ["docker.io/docker.io/a", "docker.io/docker.io/a:latest", "docker.io/docker.io/a:latest"],
  ["docker.io/index.docker.io/a", "docker.io/index.docker.io/a:latest", "docker.io/index.docker.io/a:latest"],
  ["library/docker.io/a", "docker.io/library/docker.io/a:latest", "library/docker.io/a:latest"],
  // 64 hex digits alone would be an ID.
  [`docker.io/${hex}`, `docker.io/library/${hex}:latest`, `library/${hex}:latest`],
  ["docker.io/debian:trixie", "docker.io/library/debian:trixie", "debian:trixie"],
  ["docker.io/library/debian", "docker.io/library/debian:latest", "debian:latest"],
  ["index.docker.io/debian", "docker.io/library/debian:latest", "debian:latest"],
  ["library/debian", "docker.io/library/debian:latest", "debian:latest"],
  ["library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"],
  ["team/app:1.2", "docker.io/team/app:1.2", "team/app:1.2"],
  ["a/b/c", "docker.io/a/b/c:latest", "a/b/c:latest"],
  ["localhost/app", "localhost/app:latest", "localhost/app:latest"],
  ["localhost:5000/app", "localhost:5000/app:latest", "localhost:5000/app:latest"],
  [
    "registry.example:5000/team/app:v1.0_x-2",
    "registry.example:5000/team/app:v1.0_x-2",
    "registry.example:5000/team/app:v1.0_x-2",
  ],
  ["registry.example/app", "registry.example/app:latest", "registry.example/app:latest"],
  ["Registry/app", "Registry/app:latest", "Registry/app:latest"],
  ["[2001:db8::1]:5000/app", "[2001:db8::1]:5000/app:latest", "[2001:db8::1]:5000/app:latest"],
  ["[fe80::1]/app", "[fe80::1]/app:latest", "[fe80::1]/app:latest"],
  ["a__b/c.d/e-f/g--h:_x", "docker.io/a__b/c.d/e-f/g--h:_x", "a__b/c.d/e-f/g--h:_x"],
  [`app@sha256:${hex}`, `docker.io/library/app@sha256:${hex}`, `app@sha256:${hex}`],
  [`app:1@sha256:${hex}`, `docker.io/library/app:1@sha256:${hex}`, `app:1@sha256:${hex}`],
  ["test:5000", "docker.io/library/test:5000", "test:5000"],
  [`${hex}:1`.slice(1), `docker.io/library/${hex.slice(1)}:1`, `${hex.slice(1)}:1`],
];

const refused: readonly { readonly name: string; readonly text: string }[] = [
  { name: "nothing", text: "" },
  { name: "a tag alone", text: ":trixie" },
  { name: "an empty tag", text: "debian:" },
  { name: "a tag that begins with a dot", text: "debian:.x" },
  { name: "a tag of 129 characters", text: `debian:${"a".repeat(129)}` },
  { name: "upper case in a repository", text: "team/App" },
  { name: "upper case alone", text: "Debian" },
  { name: "an empty part", text: "a//b" },
  { name: "a slash at the end", text: "a/" },
  { name: "a slash in front", text: "/a" },
  { name: "three underscores", text: "a___b" },
  { name: "a separator at the end", text: "a-" },
  { name: "two dots", text: "a/../b" },
  { name: "a registry alone", text: "registry.example/" },
  { name: "a port that is no number", text: "registry.example:port/a" },
  { name: "a registry that begins with a hyphen", text: "-registry.example/a" },
  { name: "a scheme", text: "https://registry.example/a" },
  { name: "a space", text: "a b" },
  { name: "a line break", text: "debian:trixie\n" },
  { name: "a short digest", text: "app@sha256:abc" },
  { name: "another algorithm", text: `app@md5:${hex}` },
  { name: "an image's ID", text: hex },
  { name: "a name of more than 255 characters", text: `${"a/".repeat(130)}a` },
];

describe("parseImageName", () => {
  for (const [text, whole, short] of read) {
    it(`reads ${text}`, () => {
      const name = parseImageName(text);
      assert.equal(formatImageName(name), whole);
      assert.equal(formatShortImageName(name), short);
      assert.deepEqual(parseImageName(whole), name);
      assert.deepEqual(parseImageName(short), name);
    });
  }
  for (const { name, text } of refused) {
    it(`refuses ${name}`, () => assert.throws(() => parseImageName(text), { code: "IMAGE_NAME_SYNTAX" }));
  }
  it("proposes the name in lower case", () => {
    assert.throws(() => parseImageName("team/App"), { fix: 'Did you mean "team/app"?' });
    assert.throws(() => parseImageName("Debian:Trixie"), { fix: 'Did you mean "debian:Trixie"?' });
  });
});
