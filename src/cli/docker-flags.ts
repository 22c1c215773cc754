// Flags of `docker build` and `buildah bud` that dodai has not: what to do in place of them.
const toRemove = "Leave it out";

const hints: Readonly<Record<string, string>> = {
  "add-host": `${toRemove}: a RUN has this machine's network and names, or none (RUN --network=none).`,
  annotation: "Use --label.",
  "cgroup-parent": `${toRemove}: nothing runs in a daemon.`,
  builder: `${toRemove}: there is no builder to choose.`,
  "force-rm": `${toRemove}: nothing is left of a RUN.`,
  layers: `${toRemove}: steps are always kept; --squash makes one layer.`,
  load: 'Write an archive with "-o type=docker,dest=image.tar", and hand it to "docker load -i".',
  memory: `${toRemove}: nothing runs in a daemon.`,
  network: "Say it of each RUN, as in RUN --network=none.",
  provenance: `${toRemove}: dodai writes no provenance of Dockerfiles.`,
  pull: `${toRemove}: registries are asked for every tag; --offline takes what is known.`,
  quiet: 'Use "--progress quiet".',
  rm: `${toRemove}: nothing is left of a RUN.`,
  sbom: `${toRemove}: dodai writes no SBOM of Dockerfiles.`,
  "shm-size": `${toRemove}: a RUN has 64 MiB in /dev/shm.`,
  ulimit: `${toRemove}: a RUN has this machine's limits.`,
};

/** `flag` as it was written, without dashes. */
export function hintForDockerFlag(flag: string): string | undefined {
  const name = flag.replace(/=.*/, "");
  return hints[name === "q" ? "quiet" : name];
}
