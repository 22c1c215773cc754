// Bearer tokens (distribution's token and OAuth 2 specifications): asked of the server that the registry names, kept until
// shortly before they end.
import { DodaiError } from "../core/dodai-error.ts";
import type { HttpClient } from "./http.ts";
import type { Answer, Authorizer, ExchangeOptions } from "./http-exchange.ts";
import { faultOf, HttpFault } from "./http-fault.ts";
import { describeUrl } from "./http-redact.ts";
import { basic } from "./http-request.ts";
import { isLoopback } from "./proxy.ts";
import { type Challenge, parseChallenge } from "./registry-challenge.ts";
import type { Credential } from "./registry-credentials.ts";

export interface TokenWorld {
  readonly http: HttpClient;
  /** For messages. */
  readonly registry: string;
  /** Whether the registry itself is spoken to without TLS, so that its token server may be too. */
  readonly insecure: boolean;
  credential(): Promise<Credential | undefined>;
}

export interface RegistryAuth {
  /** For one request about these scopes: `repository:team/app:pull`. */
  authorizer(scopes: readonly string[]): Authorizer;
}

interface Token {
  readonly value: string;
  readonly endMs: number;
}

const maxAnswerBytes = 1 << 20;
/** What a token without an end is good for at least, in seconds (token specification, "expires_in"). */
const usualSeconds = 60;

/** One for each registry and credential: it remembers what the registry asks for. */
export function createRegistryAuth(world: TokenWorld): RegistryAuth {
  let challenge: Challenge | undefined;
  const tokens = new Map<string, Promise<Token>>();

  const tokenFor = async (scopes: readonly string[]): Promise<{ readonly token: Token; readonly fresh: boolean }> => {
    if (challenge?.kind !== "bearer") throw new TypeError("a token is asked for where none is wanted");
    const key = [challenge.realm, challenge.service, ...scopes].join(" ");
    const known = await tokens.get(key)?.catch(() => undefined);
    if (known && known.endMs > Date.now()) return { token: known, fresh: false };
    const asked = fetchToken(challenge, scopes, world);
    tokens.set(key, asked);
    return { token: await asked, fresh: true };
  };
  const forget = async (value: string): Promise<void> => {
    for (const [key, token] of tokens) {
      const { value: kept } = await token.catch(() => ({ value }));
      if (kept === value) tokens.delete(key);
    }
  };

  const authorizer = (scopes: readonly string[]): Authorizer => {
    /** The last header, and whether a server that refuses it would refuse any other. */
    let last: { readonly value: string | undefined; readonly final: boolean } = { value: undefined, final: false };
    return {
      header: async () => {
        last = { value: undefined, final: false };
        if (challenge === undefined) return undefined;
        const credential = await world.credential();
        if (credential?.kind === "registry-token") last = { value: credential.token, final: true };
        else if (challenge.kind === "bearer") {
          const { token, fresh } = await tokenFor(scopes);
          last = { value: token.value, final: fresh };
        } else {
          const value = credential?.kind === "password" ? basic(credential) : undefined;
          last = { value, final: true };
          return value;
        }
        return `Bearer ${last.value}`;
      },
      refused: async (header) => {
        if (last.final) return false;
        if (last.value !== undefined) await forget(last.value);
        challenge = parseChallenge(header);
        return challenge !== undefined;
      },
    };
  };
  return { authorizer };
}

type Bearer = Extract<Challenge, { readonly kind: "bearer" }>;

async function fetchToken(challenge: Bearer, scopes: readonly string[], world: TokenWorld): Promise<Token> {
  const { http, registry } = world;
  const url = realmOf(challenge, world);
  const credential = await world.credential();
  const { service } = challenge;
  const request =
    credential?.kind === "identity-token"
      ? refreshRequest(url, { service, scopes, token: credential.token })
      : tokenRequest(url, { service, scopes, credential });
  let answer: Answer;
  try {
    answer = await http.exchange(request.url, { ...request.options, maxBytes: maxAnswerBytes, again: true });
  } catch (error) {
    const fault = faultOf(error);
    if (!(fault instanceof HttpFault)) throw fault;
    throw failed(registry, url, fault.message);
  }
  const { status } = answer;
  if (status === 401 || status === 403 || (status === 400 && credential !== undefined)) {
    throw denied(registry, url, credential !== undefined);
  }
  if (status !== 200) throw failed(registry, url, `it answers ${status}`);
  return readToken(answer.body, registry, url);
}

/** Credentials go to the server that the registry names, which may be another one; but never in clear text. */
function realmOf({ realm }: Bearer, { registry, insecure }: TokenWorld): URL {
  const url = URL.parse(realm);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new DodaiError(
      "REGISTRY_FAILED",
      `Cannot log in at "${registry}": its token server is no http: or https: URL`,
    );
  }
  if (url.protocol === "http:" && !insecure && !isLoopback(url.host)) {
    throw new DodaiError(
      "REGISTRY_FAILED",
      `Cannot log in at "${registry}": its token server ${describeUrl(url)} is not https:, and credentials are not sent in clear text`,
    );
  }
  return url;
}

interface Asked {
  readonly url: URL;
  readonly options: Pick<ExchangeOptions, "method" | "headers" | "authorizer" | "body">;
}

function tokenRequest(
  url: URL,
  {
    service,
    scopes,
    credential,
  }: {
    readonly service: string | undefined;
    readonly scopes: readonly string[];
    readonly credential: Credential | undefined;
  },
): Asked {
  const asked = new URL(url.href);
  if (service !== undefined) asked.searchParams.set("service", service);
  for (const scope of scopes) asked.searchParams.append("scope", scope);
  const value = credential?.kind === "password" ? basic(credential) : undefined;
  if (credential?.kind === "password") asked.searchParams.set("account", credential.login);
  const authorizer: Authorizer = { header: async () => value, refused: async () => false };
  return { url: asked, options: { method: "GET", authorizer } };
}

/** RFC 6749, 6. */
function refreshRequest(
  url: URL,
  asked: { readonly service: string | undefined; readonly scopes: readonly string[]; readonly token: string },
): Asked {
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: asked.token, client_id: "dodai" });
  if (asked.service !== undefined) form.set("service", asked.service);
  if (asked.scopes.length > 0) form.set("scope", asked.scopes.join(" "));
  const bytes = Buffer.from(form.toString());
  const body = {
    sizeBytes: bytes.byteLength,
    open: async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
    },
  };
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { url, options: { method: "POST", headers, body } };
}

function readToken(body: Uint8Array, registry: string, url: URL): Token {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString());
  } catch {
    throw failed(registry, url, "its answer is not JSON");
  }
  const { token, access_token: access, expires_in: seconds } = (value ?? {}) as Record<string, unknown>;
  const found = [token, access].find((one) => typeof one === "string" && one !== "");
  // RFC 6750, 2.1: anything else could not stand in a header.
  if (typeof found !== "string" || !/^[\x21-\x7e]+$/.test(found))
    throw failed(registry, url, "its answer has no token");
  const lastsSeconds = typeof seconds === "number" && seconds > 0 ? seconds : usualSeconds;
  return { value: found, endMs: Date.now() + Math.max(lastsSeconds - 10, lastsSeconds / 2) * 1000 };
}

function failed(registry: string, url: URL, state: string): DodaiError {
  return new DodaiError("REGISTRY_FAILED", `Cannot log in at "${registry}": ${state}`, { where: describeUrl(url) });
}

function denied(registry: string, url: URL, known: boolean): DodaiError {
  const state = known ? "its token server does not accept the credentials" : "its token server wants credentials";
  return new DodaiError("REGISTRY_DENIED", `Cannot log in at "${registry}": ${state}`, {
    where: describeUrl(url),
    fix: loginFix(registry),
  });
}

export function loginFix(registry: string): string {
  return `Log in with "docker login ${registry}" or "podman login ${registry}": dodai reads what they keep. Or the name is wrong.`;
}
