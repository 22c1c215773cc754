// An apko recipe as its author writes it (apko 1.0, pkg/build/types/types.go), and what dodai takes beside it. Numbers and
// truth values are text here, as they are typed: YAML libraries read 0755 in more than one way.

export interface ApkoEntry {
  readonly name: string;
  readonly content: string;
}

export interface ApkoContents {
  readonly build_repositories?: readonly string[] | undefined;
  readonly runtime_repositories?: readonly string[] | undefined;
  readonly repositories?: readonly string[] | undefined;
  readonly keyring?: readonly string[] | undefined;
  readonly runtime_keyring?: readonly ApkoEntry[] | undefined;
  readonly packages?: readonly string[] | undefined;
  /** dodai's own: packages that only one architecture asks for. */
  readonly arch_packages?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly baseimage?: { readonly image: string; readonly apkindex: string } | undefined;
}

export interface ApkoEntrypoint {
  readonly type?: "service-bundle" | undefined;
  readonly command?: string | undefined;
  readonly "shell-fragment"?: string | undefined;
  readonly services?: Readonly<Record<string, string>> | undefined;
}

export interface ApkoUser {
  readonly username: string;
  readonly uid: string;
  readonly gid?: string | undefined;
  readonly shell?: string | undefined;
  readonly homedir?: string | undefined;
}

export interface ApkoGroup {
  readonly groupname: string;
  readonly gid: string;
  readonly members?: readonly string[] | undefined;
}

export interface ApkoAccounts {
  readonly "run-as"?: string | undefined;
  readonly users?: readonly ApkoUser[] | undefined;
  readonly groups?: readonly ApkoGroup[] | undefined;
}

/** `file` is dodai's own kind: its text, or a file of this machine. */
export type ApkoPathType = "directory" | "empty-file" | "hardlink" | "symlink" | "permissions" | "file";

export interface ApkoPath {
  readonly path: string;
  readonly type: ApkoPathType;
  readonly uid?: string | undefined;
  readonly gid?: string | undefined;
  readonly permissions?: string | undefined;
  readonly source?: string | undefined;
  readonly recursive?: string | undefined;
  readonly content?: string | undefined;
}

export interface ApkoInput {
  readonly contents?: ApkoContents | undefined;
  readonly entrypoint?: ApkoEntrypoint | undefined;
  readonly cmd?: string | undefined;
  readonly "stop-signal"?: string | undefined;
  readonly "work-dir"?: string | undefined;
  readonly accounts?: ApkoAccounts | undefined;
  readonly archs?: readonly string[] | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly paths?: readonly ApkoPath[] | undefined;
  readonly "vcs-url"?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly include?: string | undefined;
  readonly volumes?: readonly string[] | undefined;
  readonly layering?: { readonly strategy?: "origin" | undefined; readonly budget?: string | undefined } | undefined;
  readonly format?: "tar" | "erofs" | undefined;
  readonly certificates?:
    | { readonly additional?: readonly ApkoEntry[] | undefined; readonly providers?: readonly string[] | undefined }
    | undefined;
  /** dodai's own. */
  readonly remove?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly ports?: readonly string[] | undefined;
}
