import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { needs } from "../../kit/oracle.ts";
import { startRegistry } from "../../kit/registry.ts";
import { needsSandbox } from "../../sandbox/open.ts";
import { filesOf, openWorld } from "./world.ts";

const text = `FROM scratch AS build
ADD root.tar /
RUN echo made > /made; rm /etc/group
RUN true
WORKDIR /w
FROM scratch
COPY --from=build /made /made
COPY --from=build / /
RUN cat /made > /again
`;

const { skip } = { ...needs("docker-registry"), ...(await needsSandbox("sh")) };

describe("steps in a registry", skip === undefined ? {} : { skip }, () => {
  it("are done by no second machine, and fetched only where they are read", async (t) => {
    const { host, seen } = await startRegistry(t);
    const files = await filesOf({ runs: true });
    const cache = `${host}/team/cache`;
    const environment = { HOME: "/nonexistent" };
    using one = openWorld(files);
    const first = await one.build(text, { environment, cacheTo: [{ name: cache, mode: "max" }] });
    using other = openWorld(files);
    const [destination, names] = [`${host}/team/app:1`, [`${host}/team/app:1`]];
    const outputs = [{ kind: "registry", destination }] as const;
    const before = (await seen()).length;
    const second = await other.buildOnly(text, { environment, cacheFrom: [cache], outputs, names });
    assert.equal(second.result.platforms[0]?.manifest, first.result.platforms[0]?.manifest);
    assert.deepEqual(
      stepsOf(second.events).filter((step) => !step.endsWith("(from a cache)")),
      [],
    );
    const fetched = (await seen()).slice(before).filter((line) => /^GET .*\/blobs\//.test(line));
    // The documents that tell of seven steps, and no layer.
    assert.equal(fetched.length, 7);
    const third = await other.build(text, { environment, cacheFrom: [cache] });
    assert.deepEqual(third.diffIds, first.diffIds);
    assert.deepEqual(await third.root(), await first.root());
  });

  it("of other stages are kept with mode=max only, and what the image needs is then made", async (t) => {
    const { host } = await startRegistry(t);
    const files = await filesOf({ runs: true });
    const cache = `${host}/cache`;
    using one = openWorld(files);
    const first = await one.build(text, { cacheTo: [{ name: cache, mode: "min" }] });
    using other = openWorld(files);
    const second = await other.build(text, { cacheFrom: [cache] });
    assert.deepEqual(second.diffIds, first.diffIds);
    assert.equal(stepsOf(second.events).filter((step) => step.endsWith("(from a cache)")).length, 3);
  });

  it("of a cache that does not answer are done, with a warning", async () => {
    using world = openWorld({ a: "a" });
    const { events } = await world.build("FROM scratch\nCOPY a /\nCOPY a /b\n", { cacheFrom: ["127.0.0.1:1/cache"] });
    assert.equal(events.filter((event) => event.kind === "warning").length, 1);
  });
});

function stepsOf(events: Awaited<ReturnType<ReturnType<typeof openWorld>["build"]>>["events"]): readonly string[] {
  return events.flatMap((event) => (event.kind === "stage" && event.stage === "step" ? [event.text] : []));
}
