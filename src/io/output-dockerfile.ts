// The Dockerfile of the `context` output: the image's settings as instructions over its root tarball, in the shape of
// Docker's official images.
import { compareBytes } from "../core/byte-order.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { RecipeConfig } from "../core/recipe.ts";
import { formatEnvironment, formatPort } from "../image/config.ts";
import { formatInherited, type InheritedSettings } from "./output-dockerfile-inherited.ts";

export interface DockerfileOptions {
  /** The tarball's file name; for several platforms with `$TARGETARCH$TARGETVARIANT` in it, which BuildKit sets. */
  readonly tarball: string;
  readonly settings: RecipeConfig;
  /** Of the image that this one is built on. */
  readonly inherited?: InheritedSettings;
}

/** Throws RECIPE_SYNTAX for a value that no Dockerfile can say: one with a line break. */
export function formatDockerfile({ tarball, settings, inherited }: DockerfileOptions): string {
  const { env, labels, user, workdir, ports, volumes, stopSignal, entrypoint, cmd } = settings;
  const isCentos = labels?.["org.label-schema.schema-version"] !== undefined;
  const perPlatform = tarball.includes("$TARGETARCH");
  const lines = [
    "FROM scratch",
    ...(perPlatform ? ["ARG TARGETARCH", "ARG TARGETVARIANT"] : []),
    `ADD ${tarball} /`,
    ...(isCentos ? ["", ...formatAsCentos(labels ?? {}), ""] : formatLabels(labels ?? {})),
    ...formatEnvironment(isCentos ? withoutImplied(env ?? {}) : (env ?? {})).map((variable) => `ENV ${pair(variable)}`),
    ...(ports ?? []).map((port) => `EXPOSE ${formatPort(port)}`).toSorted(compareBytes),
    ...instruction("VOLUME", volumes?.toSorted(compareBytes)),
    ...(workdir ? [`WORKDIR ${word(workdir)}`] : []),
    ...(user ? [`USER ${word(user)}`] : []),
    ...(stopSignal ? [`STOPSIGNAL ${word(stopSignal)}`] : []),
    ...(inherited ? formatInherited(inherited, oneLine) : []),
    ...instruction("ENTRYPOINT", entrypoint),
    ...instruction("CMD", cmd),
  ];
  return `${lines.join("\n")}\n`;
}

function formatLabels(labels: Readonly<Record<string, string>>): readonly string[] {
  const keys = Object.keys(labels).toSorted(compareBytes);
  if (keys.length === 0) return [];
  return [`LABEL ${keys.map((key) => `${name(key)}=${quoted(labels[key] ?? "")}`).join(" \\\n      ")}`];
}

/** What an image without a PATH gets from builders that start from scratch: moby, oci/defaults. */
const impliedPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function withoutImplied({ PATH, ...env }: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return PATH === undefined || PATH === impliedPath ? env : { ...env, PATH };
}

/** As CentOS's own Dockerfiles have them (sig-cloud-instance-build, containerbuild.sh): in this order, others behind. */
const centosOrder: readonly string[] = [
  ...["schema-version", "name", "vendor", "license", "build-date"].map((one) => `org.label-schema.${one}`),
  ...["title", "vendor", "licenses", "created"].map((one) => `org.opencontainers.image.${one}`),
];

function formatAsCentos(labels: Readonly<Record<string, string>>): readonly string[] {
  const others = Object.keys(labels).filter((key) => !centosOrder.includes(key));
  const keys = [...centosOrder.filter((key) => key in labels), ...others.toSorted(compareBytes)];
  return ["LABEL", ...keys.map((key) => `    ${name(key)}=${quoted(labels[key] ?? "")}`)].join(" \\\n").split("\n");
}

/** The form in which Docker takes words as they are: a JSON list. */
function instruction(verb: string, words: readonly string[] | undefined): readonly string[] {
  return words && words.length > 0 ? [`${verb} ${JSON.stringify(words)}`] : [];
}

function pair(variable: string): string {
  const at = variable.indexOf("=");
  return `${name(variable.slice(0, at))}=${quoted(variable.slice(at + 1))}`;
}

const name = (text: string): string => (/^[\w.\-/]+$/.test(text) ? text : quoted(text));

/** Inside double quotes a Dockerfile takes `\`, `"` and `$` for themselves only behind a backslash. */
const quoted = (text: string): string => `"${oneLine(text).replace(/[\\"$]/g, "\\$&")}"`;

const word = (text: string): string => oneLine(text).replace(/[\\"'$]/g, "\\$&");

function oneLine(text: string): string {
  if (!/[\n\r]/.test(text)) return text;
  throw new DodaiError("RECIPE_SYNTAX", `Cannot write ${JSON.stringify(text)} into a Dockerfile: it has a line break`, {
    fix: 'Take the line break out, or use another output than "context".',
  });
}
