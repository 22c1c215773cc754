// How the image below is run, and what its history says: from the text of its config, of which dodai takes what it has words for.
import type { Json } from "../core/canonical-json.ts";
import type { RecipeConfig } from "../core/recipe.ts";
import { inheritedOf, parseImageState } from "../image/container-config.ts";

export interface BaseSettings {
  readonly config: RecipeConfig;
  /** What of it recipes have no words for, as it is: health check, shell, triggers. */
  readonly inherited: Readonly<Record<string, Json>>;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** What made each layer, bottom first; empty when the config does not tell. */
  readonly history: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** The text was seen to be an object. Throws IMAGE_BROKEN. */
export function settingsOfBase(text: string, layerCount: number): BaseSettings {
  const config = fieldsOf(JSON.parse(text));
  const created = typeof config.created === "string" ? Date.parse(config.created) : Number.NaN;
  const history = listOf(config.history)
    .map(fieldsOf)
    .filter(({ empty_layer: empty }) => empty !== true)
    .map(({ created_by: by, comment }) => textOf(by) ?? textOf(comment) ?? "base image");
  return {
    config: configOf(fieldsOf(config.config)),
    inherited: inheritedOf(parseImageState(text, "the config of the base image").config),
    // Some tools write the year 1.
    created: Number.isNaN(created) ? 0 : Math.max(0, created),
    history: history.length === layerCount ? history : [],
  };
}

function configOf(config: Fields): RecipeConfig {
  const env = Object.fromEntries(
    listOf(config.Env).map((line) => [String(line).replace(/=.*$/s, ""), String(line).replace(/^[^=]*=?/, "")]),
  );
  const [entrypoint, cmd] = [listOf(config.Entrypoint).map(String), listOf(config.Cmd).map(String)];
  const labels = Object.entries(fieldsOf(config.Labels)).map(([name, value]) => [name, String(value)]);
  const [user, workdir, stopSignal] = [textOf(config.User), textOf(config.WorkingDir), textOf(config.StopSignal)];
  return {
    env,
    labels: Object.fromEntries(labels),
    ...(entrypoint.length > 0 ? { entrypoint } : {}),
    ...(cmd.length > 0 ? { cmd } : {}),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { workdir }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ports: Object.keys(fieldsOf(config.ExposedPorts)),
    volumes: Object.keys(fieldsOf(config.Volumes)),
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
