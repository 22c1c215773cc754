// Registries of one run: connections are shared, and what went into one repository is mounted into the next.
import type { Digest } from "../core/digest.ts";
import type { ImageName } from "../core/image-name.ts";
import type { ImageGraph } from "../image/image-graph.ts";
import type { ImageSource, Pointer } from "../image/image-source.ts";
import type { RetryPolicy } from "./http-retry.ts";
import { type Connection, type ConnectionOptions, connect } from "./registry-connection.ts";
import type { BlobPlaces } from "./registry-memory.ts";
import { type Place, placeOf, placesOf, type RegistryMirror, referenceOf } from "./registry-place.ts";
import { type Pushed, type PushOptions, pushImage } from "./registry-push.ts";
import { listReferrers } from "./registry-referrers.ts";
import { findDocument, registrySource } from "./registry-source.ts";

export interface RegistryOptions extends ConnectionOptions {
  /** Asked before the registry itself when something is pulled. */
  readonly mirrors: readonly RegistryMirror[];
  /** Which repositories had which blobs in earlier runs. */
  readonly places?: BlobPlaces;
  readonly signal?: AbortSignal | undefined;
  /** Of uploads that broke off. */
  readonly retries?: RetryPolicy;
  /** Sends blobs in chunks of so many bytes; in one request each when absent. */
  readonly chunkBytes?: number;
}

/** Smaller blobs are as quickly sent as mounted. */
const worthMountingBytes = 64 << 10;

export interface PushImage extends Pick<PushOptions, "onProgress"> {
  readonly source: ImageSource;
  readonly graph: ImageGraph;
  readonly name: ImageName;
  /** Where the image is from, when that is a registry. */
  readonly from?: ImageName | undefined;
}

export interface Registry {
  source(name: ImageName, onBytes?: (count: number) => void): ImageSource;
  /** What a name in the registry itself leads to; `undefined` for nothing. Throws as `push`. */
  find(name: ImageName): Promise<Digest | undefined>;
  /** Tells that a repository has blobs, for others of the registry to mount them. */
  remember(name: ImageName, digests: readonly Digest[]): void;
  push(options: PushImage): Promise<Pushed>;
  /** Manifests that name the one of this digest as their subject. */
  referrers(name: ImageName, digest: Digest): Promise<readonly Pointer[]>;
}

export function createRegistry(options: RegistryOptions): Registry {
  const { mirrors, signal, retries, chunkBytes } = options;
  const connections = new Map<string, Connection>();
  /** `HOST DIGEST` → a repository that has it. */
  const known = new Map<string, string>();
  const connectTo = (place: Place): Connection => {
    const key = `${place.host}/${place.repository}`;
    const connection = connections.get(key) ?? connect(place, options);
    connections.set(key, connection);
    return connection;
  };

  const remember = (name: ImageName, digests: readonly Digest[]): void => {
    const { host, repository } = placeOf(name);
    for (const digest of digests) known.set(`${host} ${digest}`, repository);
  };

  const push = async ({ name, from, ...image }: PushImage): Promise<Pushed> => {
    const place = placeOf(name);
    const origin = from && placeOf(from);
    const sameHost = origin?.host === place.host ? origin.repository : undefined;
    const mountFrom = async (digest: Digest): Promise<string | undefined> => {
      const now = known.get(`${place.host} ${digest}`) ?? sameHost;
      const found = now ?? (await options.places?.find(place.host, digest));
      return found === place.repository ? undefined : found;
    };
    const pushed = await pushImage({
      ...image,
      name,
      connection: connectTo(place),
      mountFrom,
      chunkBytes,
      signal,
      ...(retries ? { retries } : {}),
    });
    const { blobs } = image.graph;
    remember(
      name,
      blobs.map(({ digest }) => digest),
    );
    if (pushed.unchanged) return pushed;
    for (const { digest } of blobs.filter(({ sizeBytes }) => sizeBytes >= worthMountingBytes)) {
      await options.places?.keep(place.host, digest, place.repository);
    }
    return pushed;
  };

  return {
    source: (name, onBytes) => registrySource({ name, onBytes, connections: placesOf(name, mirrors).map(connectTo) }),
    find: (name) => findDocument(connectTo(placeOf(name)), referenceOf(name)),
    remember,
    push,
    referrers: (name, digest) => listReferrers(connectTo(placeOf(name)), digest),
  };
}
