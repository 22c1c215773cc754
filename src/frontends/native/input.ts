// A recipe file as its author writes it: the type of what the schema accepts. The compiler holds both together.

export interface RepositoryInput {
  readonly url?: string | undefined;
  readonly urls?: readonly string[] | undefined;
  readonly suites?: readonly string[] | undefined;
  readonly components?: readonly string[] | undefined;
  readonly flat?: string | undefined;
  readonly tag?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly only?: boolean | undefined;
  readonly priority?: number | undefined;
  readonly cost?: number | undefined;
  readonly excludes?: readonly string[] | undefined;
  readonly includes?: readonly string[] | undefined;
  readonly "module-hotfixes"?: boolean | undefined;
  readonly "insecure-unsigned"?: boolean | undefined;
}

interface UserInput {
  readonly name: string;
  readonly uid: number;
  readonly gid?: number | undefined;
  readonly home?: string | undefined;
  readonly shell?: string | undefined;
  readonly comment?: string | undefined;
  readonly password?: string | undefined;
  readonly groups?: readonly string[] | undefined;
}

interface GroupInput {
  readonly name: string;
  readonly gid: number;
  readonly members?: readonly string[] | undefined;
}

export interface AccountsInput {
  readonly users?: readonly UserInput[] | undefined;
  readonly groups?: readonly GroupInput[] | undefined;
  readonly "run-as"?: string | undefined;
  readonly "root-password"?: string | undefined;
}

export interface StepInput {
  readonly run: string;
  readonly interpreter?: string | undefined;
  readonly "on-failure"?: "error" | "warn" | undefined;
  readonly log?: string | undefined;
  readonly outside?: boolean | undefined;
  readonly network?: boolean | undefined;
}

interface ServicesInput {
  readonly enabled?: readonly string[] | undefined;
  readonly disabled?: readonly string[] | undefined;
  readonly masked?: readonly string[] | undefined;
}

export interface FileInput {
  readonly path: string;
  readonly content?: string | undefined;
  readonly source?: string | undefined;
  readonly directory?: true | undefined;
  readonly target?: string | undefined;
  readonly hardlink?: string | undefined;
  readonly existing?: true | undefined;
  readonly recursive?: boolean | undefined;
  readonly mode?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

export interface CertificatesInput {
  readonly additional?: readonly { readonly name: string; readonly content: string }[] | undefined;
  readonly providers?: readonly string[] | undefined;
}

export interface ConfigInput {
  readonly entrypoint?: readonly string[] | undefined;
  readonly cmd?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly workdir?: string | undefined;
  readonly user?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly ports?: readonly string[] | undefined;
  readonly volumes?: readonly string[] | undefined;
  readonly "stop-signal"?: string | undefined;
}

export interface LayersInput {
  readonly strategy: "single" | "per-package" | "grouped" | "origin";
  readonly max?: number | undefined;
}

export interface SourcePlacesInput {
  readonly rootfs?: string | undefined;
  readonly sums?: string | undefined;
  readonly signature?: string | undefined;
  readonly sha256?: string | undefined;
  readonly sha512?: string | undefined;
}

export interface SourceInput extends SourcePlacesInput {
  readonly key?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly serial?: { readonly file?: string | undefined; readonly pattern: string } | undefined;
  readonly platforms?: Readonly<Record<string, SourcePlacesInput>> | undefined;
}

export interface RecipeInput {
  readonly $schema?: string | undefined;
  readonly name?: string | undefined;
  readonly extends?: string | undefined;
  readonly distro?: string | undefined;
  readonly source?: SourceInput | undefined;
  readonly base?: string | undefined;
  readonly upgrade?: boolean | undefined;
  readonly variant?: string | undefined;
  readonly snapshot?: string | undefined;
  readonly packages?: readonly string[] | undefined;
  readonly recommends?: boolean | undefined;
  readonly "ignore-missing"?: boolean | undefined;
  readonly "soft-excludes"?: boolean | undefined;
  readonly repositories?: readonly RepositoryInput[] | undefined;
  readonly scripts?: "run" | "emulate" | "skip" | undefined;
  readonly "allow-unknown-scripts"?: readonly string[] | undefined;
  readonly platforms?: readonly string[] | undefined;
  readonly accounts?: AccountsInput | undefined;
  readonly certificates?: CertificatesInput | undefined;
  readonly files?: readonly FileInput[] | undefined;
  readonly steps?: readonly StepInput[] | undefined;
  readonly documentation?: boolean | undefined;
  readonly languages?: readonly string[] | undefined;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
  readonly keymap?: string | undefined;
  readonly hostname?: string | undefined;
  readonly services?: ServicesInput | undefined;
  readonly remove?: readonly string[] | undefined;
  readonly config?: ConfigInput | undefined;
  readonly layers?: LayersInput | undefined;
}
