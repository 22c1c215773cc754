// One registry host: how it is spoken to and as whom. It is asked over TLS; without only where nobody is between, or where the
// caller said so.
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { HttpClient, ReadOptions } from "./http.ts";
import type { Answer, ExchangeOptions } from "./http-exchange.ts";
import { faultOf, HttpFault, isCertificateFault } from "./http-fault.ts";
import { describeUrl } from "./http-redact.ts";
import { isSameServer } from "./http-request.ts";
import { isLoopback } from "./proxy.ts";
import type { Credentials } from "./registry-credentials.ts";
import { faultError } from "./registry-fault.ts";
import type { Place } from "./registry-place.ts";
import { createRegistryAuth, type RegistryAuth } from "./registry-token.ts";

export interface ConnectionOptions {
  readonly http: HttpClient;
  readonly credentials: Credentials;
  /** Registries that may be spoken to without TLS, or all. This machine always may. */
  readonly insecureHttp: boolean | readonly string[];
  readonly offline: boolean;
}

export interface RegistryRequest extends Omit<ExchangeOptions, "authorizer" | "maxBytes"> {
  /** For the error: `Cannot VERB THING`. */
  readonly cannot: string;
  /** Below `/v2/REPOSITORY/`, or where the registry said that something goes on. */
  readonly at: string | URL;
  /** `pull` or `pull,push`. */
  readonly actions: "pull" | "pull,push";
  /** Another repository of the registry that is read as well. */
  readonly from?: string | undefined;
  readonly maxBytes?: number;
}

export interface Connection {
  readonly place: Place;
  /** Whatever the registry answers. Throws DodaiError when there is no answer. */
  ask(request: RegistryRequest): Promise<Answer>;
  /** The same for who goes on after a fault. */
  attempt(request: RegistryRequest): Promise<Answer | HttpFault>;
  /** A blob, from its start; whoever reads it checks it. */
  read(path: string, options: Pick<ReadOptions, "sizeBytes" | "onBytes"> & { readonly cannot: string }): Bytes;
  /** What a Location header says, below this registry. */
  resolve(location: string): Promise<URL>;
}

/** Errors of registries are short; documents are read with a bound of their own. */
const maxAnswerBytes = 64 << 10;

/** A server without TLS may wait for more of what it does not understand. */
const probeMs = 5000;

export function connect(place: Place, options: ConnectionOptions): Connection {
  const { http } = options;
  const { registry, repository } = place;
  let opened: Promise<Opened> | undefined;
  const open = (): Promise<Opened> => {
    opened ??= openHost(place, options);
    return opened;
  };
  const scope = (name: string, actions: string): string => `repository:${name}:${actions}`;

  const urlOf = (root: URL, at: string | URL): URL =>
    typeof at === "string" ? new URL(`/v2/${repository}/${at}`, root) : at;

  const attempt = async ({ cannot, at, actions, from, ...request }: RegistryRequest): Promise<Answer | HttpFault> => {
    assertOnline(options, cannot, registry);
    const { root, auth } = await open();
    const scopes = [scope(repository, actions), ...(from === undefined ? [] : [scope(from, "pull")])];
    const url = urlOf(root, at);
    // Where a registry lets something go on at another host, that host has to do without our credentials.
    const authorizer = isSameServer(root, url) ? auth.authorizer(scopes) : undefined;
    try {
      return await http.exchange(url, { maxBytes: maxAnswerBytes, ...request, authorizer });
    } catch (error) {
      if (error instanceof HttpFault) return error;
      throw error;
    }
  };

  const ask = async (request: RegistryRequest): Promise<Answer> => {
    const answer = await attempt(request);
    if (answer instanceof HttpFault) throw faultError({ cannot: request.cannot, registry }, answer);
    return answer;
  };

  async function* read(
    path: string,
    { cannot, ...wanted }: Parameters<Connection["read"]>[1],
  ): AsyncGenerator<Uint8Array> {
    assertOnline(options, cannot, registry);
    const { root, auth } = await open();
    const authorizer = auth.authorizer([scope(repository, "pull")]);
    const maxBytes = wanted.sizeBytes ?? Number.MAX_SAFE_INTEGER;
    try {
      yield* http.read(urlOf(root, path), { ...wanted, maxBytes, checked: true, authorizer });
    } catch (error) {
      const fault = faultOf(error);
      throw fault instanceof HttpFault ? faultError({ cannot, registry }, fault) : fault;
    }
  }

  const resolve = async (location: string): Promise<URL> => {
    const { root } = await open();
    const url = URL.parse(location, root);
    const downgraded = root.protocol === "https:" && url?.protocol === "http:";
    if (url !== null && ["http:", "https:"].includes(url.protocol) && !downgraded) return url;
    const shown = url === null ? "something that is no URL" : describeUrl(url);
    throw new DodaiError("REGISTRY_FAILED", `Cannot go on with an upload: ${registry} names ${shown} for it`);
  };

  return { place, ask, attempt, read, resolve };
}

interface Opened {
  readonly root: URL;
  /** What the registry asks for and its tokens are kept. */
  readonly auth: RegistryAuth;
}

async function openHost(place: Place, { http, credentials, insecureHttp }: ConnectionOptions): Promise<Opened> {
  const { registry, host, repository } = place;
  const allowed = insecureHttp === true || (insecureHttp !== false && insecureHttp.includes(registry));
  const root = new URL(`https://${host}/`);
  if ((allowed || isLoopback(host)) && !(await speaksTls(root, http, registry))) root.protocol = "http:";
  const insecure = root.protocol === "http:";
  const credential = (): ReturnType<Credentials["find"]> => credentials.find(registry, repository);
  return { root, auth: createRegistryAuth({ http, registry, insecure, credential }) };
}

/** Throws REGISTRY_FAILED for a server that has a certificate which is not accepted: it is not asked without one. */
async function speaksTls(root: URL, http: HttpClient, registry: string): Promise<boolean> {
  try {
    const request = { method: "GET", maxBytes: maxAnswerBytes, idleMs: probeMs, again: false } as const;
    await http.exchange(new URL("/v2/", root), request);
    return true;
  } catch (error) {
    const fault = faultOf(error);
    if (!(fault instanceof HttpFault)) throw fault;
    if (isCertificateFault(fault)) throw faultError({ cannot: `Cannot ask registry "${registry}"`, registry }, fault);
    return false;
  }
}

function assertOnline({ offline }: ConnectionOptions, cannot: string, registry: string): void {
  if (!offline) return;
  throw new DodaiError("NETWORK_OFFLINE", `${cannot}: --offline forbids to ask ${registry}`, {
    fix: "Run it without --offline.",
  });
}
