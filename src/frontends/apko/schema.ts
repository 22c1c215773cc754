// The shape of an apko recipe: unknown keys are faults, as apko has it. Rules between fields are in `rules.ts`.
import { z } from "zod";
import { looseText, text } from "../native/schema.ts";
import { parseGlob, parsePort } from "../native/values.ts";
import type { ApkoInput } from "./input.ts";
import {
  parseArchitecture,
  parseFileName,
  parseId,
  parseNumber,
  parsePackageLine,
  parsePath,
  parsePermissions,
  parseRepositoryLine,
  parseTruth,
  splitWords,
} from "./values.ts";

const list = <Item extends z.ZodType>(item: Item): z.ZodOptional<z.ZodArray<Item>> => z.array(item).optional();
const of = (parse: (text: string) => unknown): z.ZodString => text(parse, "");
const map = z.record(z.string(), looseText).optional();
const entry = z.strictObject({ name: of(parseFileName), content: looseText });
const repositories = list(of(parseRepositoryLine));

const packages = list(of(parsePackageLine));

const contents = z.strictObject({
  build_repositories: repositories,
  runtime_repositories: repositories,
  repositories,
  keyring: list(looseText),
  runtime_keyring: list(entry),
  packages,
  arch_packages: z.record(of(parseArchitecture), z.array(of(parsePackageLine))).optional(),
  baseimage: z.strictObject({ image: looseText, apkindex: looseText }).optional(),
});

const accounts = z.strictObject({
  "run-as": looseText.optional(),
  users: list(
    z.strictObject({
      username: looseText,
      uid: of(parseId),
      gid: of(parseId).optional(),
      shell: looseText.optional(),
      homedir: looseText.optional(),
    }),
  ),
  groups: list(z.strictObject({ groupname: looseText, gid: of(parseId), members: list(looseText) })),
});

const path = z.strictObject({
  path: of(parsePath),
  type: z.enum(["directory", "empty-file", "hardlink", "symlink", "permissions", "file"]),
  uid: of(parseId).optional(),
  gid: of(parseId).optional(),
  permissions: of(parsePermissions).optional(),
  source: looseText.optional(),
  recursive: of(parseTruth).optional(),
  content: looseText.optional(),
});

export const apkoSchema: z.ZodType<ApkoInput> = z.strictObject({
  contents: contents.optional(),
  entrypoint: z
    .strictObject({
      type: z.enum(["service-bundle"]).optional(),
      command: of(splitWords).optional(),
      "shell-fragment": looseText.optional(),
      services: map,
    })
    .optional(),
  cmd: of(splitWords).optional(),
  "stop-signal": looseText.optional(),
  "work-dir": looseText.optional(),
  accounts: accounts.optional(),
  archs: list(of(parseArchitecture)),
  environment: map,
  paths: list(path),
  "vcs-url": looseText.optional(),
  annotations: map,
  include: looseText.optional(),
  volumes: list(looseText),
  layering: z.strictObject({ strategy: z.enum(["origin"]).optional(), budget: of(parseNumber).optional() }).optional(),
  format: z.enum(["tar", "erofs"]).optional(),
  certificates: z.strictObject({ additional: list(entry), providers: list(looseText) }).optional(),
  remove: list(of(parseGlob)),
  labels: map,
  ports: list(of(parsePort)),
});
