// The native recipe's one definition: what is checked, what editors complete (the JSON Schema), and which scalars are
// text. Shape only; rules between fields are in `rules.ts`, defaults in `draft.ts`.
import { z } from "zod";
import { DodaiError } from "../../core/dodai-error.ts";
import { parsePlatform } from "../../core/platform.ts";
import type { RecipeInput } from "./input.ts";
import {
  parseAbsolutePath,
  parseAccountName,
  parseBaseImage,
  parseCertificateName,
  parseComment,
  parseDistribution,
  parseGlob,
  parseHostname,
  parseImagePath,
  parseInterpreter,
  parseKeymap,
  parseLanguage,
  parseLine,
  parseLocale,
  parseMode,
  parsePackageRequest,
  parsePassword,
  parsePattern,
  parsePort,
  parseRecipeName,
  parseRepositoryUrl,
  parseSnapshot,
  parseSourcePlace,
  parseStopSignal,
  parseSum,
  parseTimezone,
  parseUnit,
  parseVariableName,
} from "./values.ts";

/** Text that `parse` accepts; its refusal becomes the issue, with message and fix. */
export function text(parse: (text: string) => unknown, description: string): z.ZodString {
  return z
    .string()
    .check((payload) => {
      try {
        parse(payload.value);
      } catch (error) {
        if (!(error instanceof DodaiError)) throw error;
        payload.issues.push({ code: "custom", input: payload.value, message: error.message, params: { error } });
      }
    })
    .meta({ description });
}

const anyText = (description: string): z.ZodString => z.string().meta({ description });

/** Text where a plain number or boolean of YAML is what it looks like: `PORT: 8080` is "8080". */
export const looseText: z.ZodString = text(() => undefined, "Text; a bare number is taken as it is written");

/** The mode of a file: text that must be quoted, because YAML reads a bare 0644 as the decimal number 644. */
export const modeText: z.ZodString = text(parseMode, 'Octal mode, quoted: "0644"');

/** uid and gid fit 32 bits, and the last value means "no change" to chown(2). */
const id = (description: string): z.ZodInt => z.int().min(0).max(0xfffffffe).meta({ description });

const repository = z
  .strictObject({
    url: text(
      parseRepositoryUrl,
      "Where it is: https://, http:// or file://, or a folder relative to the recipe",
    ).optional(),
    urls: z
      .array(text(parseRepositoryUrl, "A URL or a folder"))
      .min(1)
      .meta({ description: "Mirrors of the same repository, tried in turn" })
      .optional(),
    suites: z
      .array(text(parseLine, "A suite"))
      .meta({ description: "Suites, as in [trixie, trixie-updates]" })
      .optional(),
    components: z.array(text(parseLine, "A component")).meta({ description: "Components, as in [main]" }).optional(),
    flat: text(parseLine, "Path below the URL of a repository without suites: ./").optional(),
    tag: text(parseLine, "apk: packages of it are taken only for requests that end with @TAG").optional(),
    keys: z
      .array(anyText("Path of a file, or the armored text itself"))
      .meta({
        description:
          "Keys that may sign it, armored OpenPGP or for apk PEM: files relative to the recipe, or the text itself",
      })
      .optional(),
    only: z.boolean().meta({ description: "Replaces the repositories of the distribution" }).optional(),
    priority: z
      .int()
      .min(-32768)
      .max(32767)
      .meta({ description: "Pin priority as in apt_preferences(5), for rpm too: the higher wins; 500 by default" })
      .optional(),
    cost: z
      .int()
      .min(0)
      .max(1_000_000)
      .meta({ description: "rpm: of equal packages the one of the cheaper repository is taken; 1000 by default" })
      .optional(),
    excludes: z
      .array(text(parseLine, "A name or glob of packages"))
      .meta({ description: "rpm: packages of it that are as if they were not there" })
      .optional(),
    includes: z
      .array(text(parseLine, "A name or glob of packages"))
      .min(1)
      .meta({ description: "rpm: the only packages of it that are there" })
      .optional(),
    "module-hotfixes": z.boolean().meta({ description: "rpm: streams of modules hide no packages of it" }).optional(),
    "insecure-unsigned": z
      .boolean()
      .meta({ description: "Takes it without a signature. Dangerous, and recorded" })
      .optional(),
  })
  .meta({
    description: "A repository beside those of the distribution",
    oneOf: [{ required: ["url"] }, { required: ["urls"] }],
  });

const passwordDescription = '"locked", or the hash of a password as crypt(3) makes it: $6$...';

const user = z
  .strictObject({
    name: text(parseAccountName, "Name of the user"),
    uid: id("Number of the user"),
    gid: id("Number of the user's group; that of the user, and a group of the same name, by default").optional(),
    home: text(parseAbsolutePath, "Home folder; /home/NAME by default").optional(),
    shell: text(parseAbsolutePath, "Login shell; /sbin/nologin by default").optional(),
    comment: text(parseComment, "Comment field of /etc/passwd; empty by default").optional(),
    password: text(parsePassword, passwordDescription).optional(),
    groups: z
      .array(text(parseAccountName, "Name of a group"))
      .meta({ description: "Further groups that the user is in" })
      .optional(),
  })
  .meta({ description: "A user" });

const group = z
  .strictObject({
    name: text(parseAccountName, "Name of the group"),
    gid: id("Number of the group"),
    members: z.array(text(parseAccountName, "Name of a user")).meta({ description: "Users in the group" }).optional(),
  })
  .meta({ description: "A group" });

/** What a file is; exactly one of these keys is there. */
export const fileKinds = ["content", "source", "directory", "target", "hardlink", "existing"] as const;

const file = z
  .strictObject({
    path: text(parseImagePath, "Absolute path in the image"),
    content: anyText("The text of the file").optional(),
    source: text(parseLine, "A file to copy, relative to the recipe").optional(),
    directory: z.literal(true).meta({ description: "Makes a directory" }).optional(),
    target: text(parseLine, "Makes a symbolic link to this").optional(),
    hardlink: text(parseImagePath, "Puts this file of the image here too").optional(),
    existing: z.literal(true).meta({ description: "Changes mode and owner of what is there" }).optional(),
    recursive: z.boolean().meta({ description: "With directory and existing: of all that is below it too" }).optional(),
    mode: modeText.optional(),
    uid: id("Owner; 0 by default").optional(),
    gid: id("Group; 0 by default").optional(),
  })
  .meta({
    description: "A file, directory or link, or a change of one",
    oneOf: fileKinds.map((kind) => ({ required: [kind] })),
  });

const textMap = (description: string, parseKey: (text: string) => unknown): z.ZodRecord<z.ZodString, z.ZodString> =>
  z.record(text(parseKey, "Name"), looseText).meta({ description });

const config = z
  .strictObject({
    entrypoint: z.array(anyText("A word")).meta({ description: "Program and first arguments" }).optional(),
    cmd: z
      .array(anyText("A word"))
      .meta({ description: "Arguments that whoever runs the image may replace" })
      .optional(),
    env: textMap("Environment variables", parseVariableName).optional(),
    workdir: text(parseAbsolutePath, "Working directory").optional(),
    user: text(parseLine, "User, with or without a group: app, 65532:65532; accounts.run-as by default").optional(),
    labels: textMap("Labels", parseLine).optional(),
    annotations: textMap("Annotations of the manifest", parseLine).optional(),
    ports: z
      .array(text(parsePort, "8080, 8080/tcp, 53/udp"))
      .meta({ description: "Ports that the program listens on" })
      .optional(),
    volumes: z
      .array(text(parseAbsolutePath, "Absolute path"))
      .meta({ description: "Paths that are volumes" })
      .optional(),
    "stop-signal": text(parseStopSignal, "Signal that ends the program: SIGTERM").optional(),
  })
  .meta({ description: "How the image is run (OCI image-spec, config.md)" });

const layers = z
  .strictObject({
    strategy: z.enum(["single", "per-package", "grouped", "origin"]).meta({
      description:
        "One layer; one for each package; one for each source package, biggest first; the same as apko does it, each layer complete by itself",
    }),
    max: z.int().min(1).max(127).meta({ description: "Most layers to make, 127 at most; 64 by default" }).optional(),
  })
  .meta({ description: "How packages are put in layers" });

const accounts = z
  .strictObject({
    users: z.array(user).meta({ description: "Users beside those of the distribution" }).optional(),
    groups: z.array(group).meta({ description: "Groups beside those of the distribution" }).optional(),
    "run-as": text(parseLine, "User that the image runs as").optional(),
    "root-password": text(parsePassword, passwordDescription).optional(),
  })
  .meta({ description: "Users and groups" });

const certificates = z
  .strictObject({
    additional: z
      .array(
        z
          .strictObject({
            name: text(parseCertificateName, "Becomes part of a file name"),
            content: anyText("One certificate in PEM, or the path of a file with one"),
          })
          .meta({ description: "A certificate" }),
      )
      .meta({ description: "Certificates to trust beside those of packages" })
      .optional(),
    providers: z
      .array(text(parseLine, "A name that packages provide"))
      .meta({ description: "apk: packages that provide one of these have certificates to trust" })
      .optional(),
  })
  .meta({ description: "Certificate authorities" });

const step = z
  .strictObject({
    run: anyText("The script"),
    interpreter: text(parseInterpreter, "What runs it, by its path in the image; /bin/sh by default").optional(),
    "on-failure": z
      .enum(["error", "warn"])
      .meta({ description: "Whether a script that fails ends the build, or is told of; error by default" })
      .optional(),
    log: text(parseAbsolutePath, "File in the image that has what it wrote").optional(),
    outside: z
      .boolean()
      .meta({ description: "Runs it as kickstart's %post --nochroot: the image is at /mnt/sysimage" })
      .optional(),
    network: z
      .boolean()
      .meta({ description: "Lets it use the network, and then give other bits each time; false by default" })
      .optional(),
  })
  .meta({ description: "A script that runs in the image" });

const units = (description: string): z.ZodOptional<z.ZodArray<z.ZodString>> =>
  z.array(text(parseUnit, "A unit of systemd: sshd.service, or sshd")).meta({ description }).optional();

const services = z
  .strictObject({
    enabled: units("Started when the image boots"),
    disabled: units("Not started by themselves"),
    masked: units("Never started"),
  })
  .meta({ description: "Services of the image, for those that boot it" });

const placeOfRootfs = "The tarball: https://, http:// or file://, or a path relative to the recipe";
const placesOfSource = {
  rootfs: text(parseRepositoryUrl, placeOfRootfs).optional(),
  sums: text(parseSourcePlace, "A file with its sum: SHA256SUMS; relative to the tarball's folder").optional(),
  signature: text(parseSourcePlace, "Detached signature over the sums, or without sums over the tarball").optional(),
  sha256: text((sum) => parseSum(sum, 64), "SHA-256 of the tarball").optional(),
  sha512: text((sum) => parseSum(sum, 128), "SHA-512 of the tarball").optional(),
};

const keyDescription = "Armored OpenPGP key: a file, the text itself, or the fingerprint of a built-in key";

const source = z
  .strictObject({
    ...placesOfSource,
    key: anyText(keyDescription).optional(),
    keys: z.array(anyText(keyDescription)).meta({ description: "Keys, one of which has to sign" }).optional(),
    serial: z
      .strictObject({
        file: text(
          parseSourcePlace,
          "A file that states it: build-info.txt; the tarball's place by default",
        ).optional(),
        pattern: text(parsePattern, "Regular expression; its first group is the serial: ^SERIAL=(.+)$"),
      })
      .meta({ description: "What has to be the same for every platform" })
      .optional(),
    platforms: z
      .record(text(parsePlatform, "linux/amd64"), z.strictObject(placesOfSource).meta({ description: "Its places" }))
      .meta({ description: "What differs for a platform" })
      .optional(),
  })
  .meta({ description: "A ready root file system as a tarball, in place of packages" });

const root = z
  .strictObject({
    $schema: anyText("Where this schema is, for editors; ignored").optional(),
    name: text(parseRecipeName, "What outputs are named after; the name of the recipe's file by default").optional(),
    extends: text(parseLine, "Recipe to start from: a file such as ./base.yaml, or a built-in name").optional(),
    distro: text(parseDistribution, "Distribution and release: debian:trixie; scratch for none").optional(),
    source: source.optional(),
    base: text(
      parseBaseImage,
      "Image to add to: its name in a registry or as it was built, or a path such as ./base.tar",
    ).optional(),
    upgrade: z
      .boolean()
      .meta({ description: "Lets packages of the base give way to newer ones that are needed; false by default" })
      .optional(),
    variant: text(
      parseLine,
      "What the distribution offers as a start: empty (by default), distroless, minbase ...",
    ).optional(),
    snapshot: text(parseSnapshot, "Date of the archive's state to build from: 2026-11-01").optional(),
    packages: z
      .array(text(parsePackageRequest, 'NAME, NAME>=VERSION, or "!NAME"'))
      .meta({ description: 'Packages to install; "!NAME" keeps one out' })
      .optional(),
    recommends: z.boolean().meta({ description: "Also installs what packages recommend; false by default" }).optional(),
    "ignore-missing": z
      .boolean()
      .meta({ description: "rpm: passes over packages that no repository offers; false by default" })
      .optional(),
    "soft-excludes": z
      .boolean()
      .meta({
        description:
          'rpm: "!NAME" keeps out of groups alone, as with yum: what needs it brings it in; false by default',
      })
      .optional(),
    repositories: z.array(repository).meta({ description: "Repositories beside those of the distribution" }).optional(),
    scripts: z
      .enum(["run", "emulate", "skip"])
      .meta({ description: "What happens to maintainer scripts; emulate by default" })
      .optional(),
    "allow-unknown-scripts": z
      .array(text(parsePackageName, "Name of a package"))
      .meta({ description: "Packages whose scripts need not be known to be emulated" })
      .optional(),
    platforms: z
      .array(text(parsePlatform, "linux/amd64"))
      .min(1)
      .meta({ description: "Platforms to build; that of the machine by default" })
      .optional(),
    accounts: accounts.optional(),
    certificates: certificates.optional(),
    files: z.array(file).meta({ description: "Files of the recipe's own" }).optional(),
    steps: z
      .array(step)
      .meta({ description: "Scripts that run in the image once packages and files are there" })
      .optional(),
    documentation: z
      .boolean()
      .meta({ description: "rpm: whether files that packages call documentation are unpacked" })
      .optional(),
    languages: z
      .array(text(parseLanguage, "A language: en, de_DE, C.utf8"))
      .meta({ description: "rpm: languages whose files are unpacked, as %_install_langs" })
      .optional(),
    locale: text(parseLocale, "Language and encoding of programs: en_US.UTF-8").optional(),
    timezone: text(parseTimezone, "Time zone: Europe/Berlin").optional(),
    keymap: text(parseKeymap, "Keyboard of the console: us").optional(),
    hostname: text(parseHostname, "Name of the machine").optional(),
    services: services.optional(),
    remove: z
      .array(text(parseGlob, "/usr/share/doc/**"))
      .meta({ description: "Globs of paths to leave out of the image" })
      .optional(),
    config: config.optional(),
    layers: layers.optional(),
  })
  .meta({ title: "dodai recipe", description: "What a base image is made of" });

function parsePackageName(name: string): void {
  const { request, exclude } = parsePackageRequest(name);
  if (!exclude && parsePackageRequest(request).name === request) return;
  throw new DodaiError("RECIPE_SYNTAX", `Cannot read package "${name}": it is not a name alone`);
}

export const recipeSchema: z.ZodType<RecipeInput> = root;

/** The JSON Schema (draft 7, which editors understand best) that is published as `recipe.schema.json`. */
export function recipeJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(root, {
    target: "draft-7",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === looseText) Object.assign(jsonSchema, { type: ["string", "number", "boolean"] });
    },
  });
  return schema as Record<string, unknown>;
}
