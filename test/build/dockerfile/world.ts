// Contexts for Dockerfiles that tests build, and pictures of what comes out.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ArchiveItem, Entry } from "../../../src/archive/entry.ts";
import { readTar } from "../../../src/archive/tar.ts";
import type { BuildEvent, BuildResult } from "../../../src/build/contract.ts";
import { buildDockerfile } from "../../../src/build/dockerfile/build-dockerfile.ts";
import type { DockerfileBuildOptions } from "../../../src/build/dockerfile/contract.ts";
import { collect } from "../../../src/core/bytes.ts";
import { platformOfHost } from "../../../src/core/platform.ts";
import { openLayer } from "../../../src/io/image-input-layer.ts";
import { readFileStream } from "../../../src/io/store.ts";
import { mergeLayers } from "../../../src/rootfs/merge-layers.ts";
import { file, hostRoot, folder as rootFolder, tarOf } from "../../sandbox/host-root.ts";

/** What is in a context: text of a file, `-> target` of a link, or bytes; a mode behind `@` in the name. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

interface CaseFiles {
  readonly files?: Files;
  readonly runs?: boolean;
}

export interface DockerfileWorld extends Disposable {
  readonly folder: string;
  readonly context: string;
  build(text: string, options?: Partial<DockerfileBuildOptions>): Promise<BuiltDockerfile>;
  /** Into whatever outputs the options say. */
  buildOnly(
    text: string,
    options: Partial<DockerfileBuildOptions>,
  ): Promise<Pick<BuiltDockerfile, "events" | "result">>;
}

export interface BuiltDockerfile {
  readonly result: BuildResult;
  readonly events: readonly BuildEvent[];
  readonly config: ImageConfig;
  /** Bottom first: one line for each entry. */
  layers(): Promise<readonly (readonly string[])[]>;
  /** The root as a container sees it, sorted. */
  root(): Promise<readonly string[]>;
  readonly diffIds: readonly string[];
}

export interface ImageConfig {
  readonly created: string;
  readonly author?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly history: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
}

export const sourceDateEpoch = 1_700_000_000;

export function openWorld(files: Files, folder: string = mkdtempSync(join(tmpdir(), "dodai-test-"))): DockerfileWorld {
  const context = join(folder, "context");
  mkdirSync(context, { recursive: true });
  writeFiles(context, files);
  return {
    folder,
    context,
    build: async (text, options = {}) => ({
      ...(await build(folder, context, text, options)),
      ...readLayout(join(folder, "image.oci")),
    }),
    buildOnly: (text, options) => build(folder, context, text, options),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function writeFiles(context: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const [path = "", mode] = name.split("@");
    const at = join(context, path);
    mkdirSync(path.endsWith("/") ? at : dirname(at), { recursive: true, mode: 0o755 });
    if (path.endsWith("/")) chmodSync(at, mode === undefined ? 0o755 : Number.parseInt(mode, 8));
    else if (typeof content === "string" && content.startsWith("-> ")) symlinkSync(content.slice(3), at);
    else {
      writeFileSync(at, content);
      chmodSync(at, mode === undefined ? 0o644 : Number.parseInt(mode, 8));
    }
  }
}

async function build(
  folder: string,
  context: string,
  text: string,
  options: Partial<DockerfileBuildOptions>,
): Promise<Pick<BuiltDockerfile, "events" | "result">> {
  const events: BuildEvent[] = [];
  const destination = join(folder, "image.oci");
  const result = await buildDockerfile({
    dockerfile: { file: "Dockerfile", text },
    name: "test",
    contextDirectory: context,
    ignoreText: "",
    cacheDirectory: join(folder, "cache"),
    hostPlatform: platformOfHost(process.arch),
    buildArgs: {},
    labels: {},
    secrets: [],
    sshSockets: [],
    squash: false,
    noCache: false,
    compression: "none",
    sourceDateEpoch,
    outputs: [{ kind: "oci-layout", destination }],
    findRecipe: async () => undefined,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { result, events };
}

/** What tests look at of a layout with one image. */
export function readLayout(layout: string): Omit<BuiltDockerfile, "result" | "events"> {
  const json = (digest: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8")) as Record<string, unknown>;
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as { manifests: { digest: string }[] };
  const manifest = json(index.manifests[0]?.digest ?? "") as unknown as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const config = json(manifest.config.digest) as unknown as ImageConfig;
  const open = ({ digest }: { digest: string }, at: number): AsyncGenerator<Uint8Array> =>
    openLayer({
      bytes: readFileStream(join(layout, "blobs", digest.replace(":", "/"))),
      diffId: config.rootfs.diff_ids[at] as Parameters<typeof openLayer>[0]["diffId"],
      what: digest,
    });
  return {
    config,
    diffIds: config.rootfs.diff_ids,
    layers: () => Promise.all(manifest.layers.map((layer, at) => picture(readTar(open(layer, at), limits)))),
    root: async () => {
      const layers = manifest.layers.map((layer, at) => ({ open: () => open(layer, at) }));
      return (await picture(mergeLayers(layers))).toSorted();
    },
  };
}

const limits = { maxEntries: 1_000_000, maxTotalBytes: 2 ** 32, maxHeaderBytes: 1 << 20, what: "layer" };

async function picture(items: AsyncIterable<ArchiveItem>): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { entry, body } of items) {
    const bytes = await collect(body, { maxBytes: 1 << 30, what: entry.path });
    if (!isProgram(entry.path)) lines.push(describe(entry, Buffer.from(bytes).toString()));
  }
  return lines;
}

/** Programs of the host are in no picture. */
const isProgram = (path: string): boolean => /^(?:bin|lib|lib64|usr\/lib|usr\/lib64)(?:\/|$)/.test(path);

function describe(entry: Entry, text: string): string {
  const attributes = [...entry.xattrs.keys()].map((name) => ` {${name}}`).join("");
  const about = `${entry.mode.toString(8).padStart(4, "0")} ${entry.uid}:${entry.gid}${attributes}`;
  switch (entry.kind) {
    case "file":
      return `${entry.path} ${about} ${JSON.stringify(text.slice(0, 60))}`;
    case "directory":
      return `${entry.path}/ ${about}`;
    case "symlink":
      return `${entry.path} -> ${entry.target}`;
    case "hardlink":
      return `${entry.path} == ${entry.target}`;
    default:
      return `${entry.path} ${about} ${entry.kind}`;
  }
}

/** A root in which a few programs of the host run, for `ADD root.tar /`. */
async function hostRootTar(): Promise<Uint8Array> {
  const files = [...hostRoot(), rootFolder("tmp", { mode: 0o1777 })];
  return collect(tarOf(files), { maxBytes: 1 << 28, what: "the root" });
}

/** All that a case has in its context. */
export async function filesOf({ files = {}, runs = false }: CaseFiles): Promise<Files> {
  const archive = files["r.tar"] === undefined ? {} : { "r.tar": await smallTar() };
  return { ...files, ...archive, ...(runs ? { "root.tar": await hostRootTar() } : {}) };
}

export function smallTar(): Promise<Uint8Array> {
  const files = [file("./d/one", "1", { uid: 5, mode: 0o600 }), file("two", "2")];
  return collect(tarOf(files), { maxBytes: 1 << 20, what: "an archive" });
}
