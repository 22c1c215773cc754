// Dockerfiles of odder shapes, as somebody who looks for differences would write them.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles.
import { execFileSync } from "node:child_process";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { collect } from "../../../src/core/bytes.ts";
import { file, folder, type RootFile, symlink, tarOf } from "../../sandbox/host-root.ts";
import type { DockerfileCase } from "./cases.ts";

const tar = (...files: readonly RootFile[]): Promise<Uint8Array> =>
  collect(tarOf(files), { maxBytes: 1 << 24, what: "an archive" });

const common = { mode: 0o644, uid: 0, gid: 0, mtime: 1_600_000_000, xattrs: new Map() } as const;
const hardlink = (path: string, target: string): RootFile => ({ entry: { ...common, kind: "hardlink", path, target } });
const long = `${"n".repeat(120)}/${"m".repeat(140)}/${"o".repeat(90)}`;
const capability = new Map([["security.capability", Buffer.from("0100000200040000000000000000000000000000", "hex")]]);
const plain = await tar(folder("d"), file("d/one", "1", { uid: 5, gid: 6, mode: 0o600 }), file("two", "2"));
const linked = await tar(
  file("z", "zz"),
  hardlink("a", "z"),
  symlink("up", "../../../etc/x"),
  symlink("s", "d"),
  folder("d", { mode: 0o1777, uid: 7 }),
  file("s/through", "t"),
);
const special = await tar(
  { entry: { ...common, kind: "character-device", path: "null", major: 1, minor: 3, mode: 0o666 } },
  { entry: { ...common, kind: "block-device", path: "sd", major: 8, minor: 1, mode: 0o660 } },
  { entry: { ...common, kind: "fifo", path: "pipe", mode: 0o600 } },
  file("suid", "s", { mode: 0o4755, uid: 3 }),
  file("cap", "c", { mode: 0o755, xattrs: capability }),
  file(long, "long"),
  file("ünïcode €", "u"),
  file("big id", "i", { uid: 3_000_000_000, gid: 4_000_000 }),
);
const twice = await tar(file("f", "first"), folder("g"), file("g/x", "x"), file("f", "second", { mode: 0o755 }));

const app = {
  "app/a.txt": "a",
  "app/.hidden": "h",
  "app/sub/.dir/b": "b",
  "app/sub/c.js": "c",
  "app/up": "-> ../note",
  "app/dangling": "-> nowhere",
  "app/secret@600": "s",
  "app/tool@755": "t",
  note: "n",
};

const users = {
  "etc/passwd": "root:x:0:0::/:/\nu:x:11:22::/home/u:/\n12:x:99:98::/:/\n",
  "etc/group": "root:x:0:\ng:x:33:u\n",
};

const scratch = (...lines: readonly string[]): string => ["FROM scratch", ...lines, ""].join("\n");
const onRoot = (...lines: readonly string[]): string => scratch("ADD root.tar /", ...lines);

export const oddCases: readonly DockerfileCase[] = [
  { name: "add-tar-gz", files: { "r.tgz": gzipSync(plain) }, dockerfile: scratch("ADD r.tgz /x") },
  { name: "add-tar-xz", files: { r: execFileSync("xz", { input: plain }) }, dockerfile: scratch("ADD r /x/") },
  { name: "add-tar-bz2", files: { r: execFileSync("bzip2", { input: plain }) }, dockerfile: scratch("ADD r x") },
  { name: "add-tar-zst", files: { "r.bin": zstdCompressSync(plain) }, dockerfile: scratch("ADD r.bin /") },
  { name: "add-tar-links", files: { r: linked }, dockerfile: scratch("ADD r /") },
  { name: "add-tar-special", files: { r: special }, dockerfile: scratch("ADD r /s") },
  { name: "add-tar-twice", files: { r: twice }, dockerfile: scratch("ADD r /") },
  {
    name: "add-several",
    files: { "a.tar": plain, b: "b", "c.tar.gz": gzipSync(twice) },
    dockerfile: scratch("ADD a.tar b c.tar.gz /m/"),
  },
  { name: "add-chown-file", files: { b: "b" }, dockerfile: scratch("ADD --chown=3:4 --chmod=711 b /m/n") },
  { name: "add-folder", files: { ...app, "app/r.tar": plain }, dockerfile: scratch("ADD app /m") },
  { name: "add-gzip-no-tar", files: { "b.gz": gzipSync("text") }, dockerfile: scratch("ADD b.gz /m/") },
  { name: "add-glob", files: { "a1.tar": plain, "a2.txt": "2" }, dockerfile: scratch("ADD a* /m/") },
  {
    name: "add-over",
    files: { r: plain, "t/d/one": "old", "t/d/more": "more" },
    dockerfile: scratch("COPY t /", "ADD r /"),
  },
  {
    name: "add-through-link",
    files: { r: plain, "t/d": "-> real", "t/real/x": "x" },
    dockerfile: scratch("COPY t /", "ADD r /"),
  },
  { name: "copy-slash", files: app, dockerfile: scratch("COPY app/ /m", "COPY note /k/", "COPY ./app/sub/. /j") },
  {
    name: "copy-dot-dirs",
    files: app,
    dockerfile: scratch("COPY app/sub/.dir /d/", "COPY app/.hidden /", "COPY app/. /e"),
  },
  { name: "copy-star", files: app, dockerfile: scratch("COPY app/[^d]* /m/") },
  { name: "copy-question", files: app, dockerfile: scratch("COPY app/?.txt app/[s]ub/* /m/") },
  {
    name: "copy-setuid",
    files: { "t/s@4755": "s", "t/g@2750": "g", "s@6755": "" },
    dockerfile: scratch("COPY t /t", "COPY s /"),
    onlyHere: "buildah takes setuid and setgid away",
  },
  { name: "copy-dangling-in-folder", files: app, dockerfile: scratch("COPY app /m") },
  {
    name: "copy-to-link-file",
    files: { ...app, "t/l": "-> target" },
    dockerfile: scratch("COPY t /", "COPY note /l"),
    onlyHere: "buildah makes a folder where a link leads nowhere",
  },
  {
    name: "copy-to-link-folder",
    files: { ...app, "t/l": "-> r", "t/r/x": "" },
    dockerfile: scratch("COPY t /", "COPY note /l/", "COPY app/sub /l"),
  },
  {
    name: "copy-up",
    files: app,
    dockerfile: scratch("WORKDIR /a/b", "COPY note ../c", "COPY note ./../../d/", "COPY ../note /e"),
  },
  {
    name: "copy-chown-user-group",
    files: { ...app, ...users },
    dockerfile: scratch(
      "COPY etc /etc",
      "COPY --chown=u:g app /1",
      "COPY --chown=u note /2",
      "COPY --chown=:g note /3",
    ),
  },
  {
    name: "copy-chown-mixed",
    files: { ...app, ...users },
    dockerfile: scratch("COPY etc /etc", "COPY --chown=5:g note /1", "COPY --chown=u:7 note /2"),
  },
  {
    name: "copy-chmod-folder",
    files: app,
    dockerfile: scratch("COPY --chmod=0700 app /m", "COPY --chmod=4711 note /n"),
    onlyHere: "buildah leaves the folder itself as it is",
  },
  {
    name: "copy-unicode",
    files: { "ü €/ñ": "1", "sp ace": "2", "q-uo": "3" },
    dockerfile: scratch('COPY ["ü €", "/ü €"]', 'COPY ["sp ace", "q-uo", "/x y/"]'),
  },
  { name: "copy-long", files: { [long]: "l" }, dockerfile: scratch(`COPY ${long.split("/")[0]} /x`) },
  {
    name: "copy-same-twice",
    files: { "a/x": "1", "b/x": "2" },
    dockerfile: scratch("COPY a/x b/x /d/", "COPY a b /e/"),
  },
  {
    name: "stage-numbers",
    files: app,
    dockerfile:
      "FROM scratch\nCOPY note /a\nFROM scratch AS b\nCOPY --from=0 /a /b\nFROM b\nCOPY --from=1 /b /c\nCOPY --from=0 / /all/\n",
  },
  {
    name: "stage-links",
    files: { r: linked },
    dockerfile: "FROM scratch AS a\nADD r /\nFROM scratch\nCOPY --from=a / /\n",
  },
  {
    name: "stage-special",
    files: { r: special },
    dockerfile: "FROM scratch AS a\nADD r /\nFROM scratch\nCOPY --from=a /s* /\nCOPY --from=a /cap /c\n",
  },
  {
    name: "stage-chown",
    files: { r: plain },
    dockerfile: "FROM scratch AS a\nADD r /\nFROM scratch\nCOPY --from=a --chown=9 /d /e\nCOPY --from=a /d /f\n",
  },
  {
    name: "env-quotes",
    dockerfile: scratch(
      'ENV A="x  y" B=\'$A "q"\' C=a\\ b D="${A}$B" E="\\$A" F=\'it\'"\'"\'s\' G=',
      "ENV H i  j   k",
      'LABEL "a b"="c d" e=\'f g\' h=i\\ j',
      'LABEL multi="one \\',
      'two"',
    ),
  },
  {
    name: "env-modifiers",
    dockerfile: scratch(
      "ENV A=file.tar.gz B=",
      "ENV C=${A%.*} D=${A%%.*} E=${A#*.} F=${A##*.} G=${B:-d} H=${B-d} I=${Z:+z} J=${A/file/x}",
    ),
    onlyHere: "buildah 1.28 has no patterns",
  },
  {
    name: "arg-scopes",
    buildArgs: { X: "given" },
    files: app,
    dockerfile:
      "ARG X=top\nARG Y=${X}y\nFROM scratch AS a\nARG Y\nENV A=$X-$Y\nFROM scratch\nARG X\nARG Y=own\nARG Z\nENV B=$X-$Y-${Z:-none}\nARG A=$B\nLABEL l=$A\nCOPY --from=a / /x/\nCOPY note /n\n",
  },
  {
    name: "arg-env-order",
    buildArgs: { A: "arg" },
    dockerfile: scratch("ARG A=1", "ENV B=$A", "ENV A=env", "ARG A=2", "LABEL a=$A b=$B"),
    onlyHere: "in buildah ENV wins over a later ARG",
  },
  {
    name: "cmd-forms",
    dockerfile: 'FROM scratch AS a\nENTRYPOINT ["/a", "$HOME"]\nCMD ["x"]\nFROM a\nENTRYPOINT ["/b"]\nFROM a\nCMD []\n',
  },
  {
    name: "user-workdir",
    runs: true,
    dockerfile: onRoot("USER 1000:1001", "WORKDIR /home/new/deep", "RUN id -u > /tmp/id; id -g >> /tmp/id"),
  },
  {
    name: "workdir-link",
    files: { "t/l": "-> r", "t/r/x": "" },
    dockerfile: scratch("COPY t /", "WORKDIR /l/sub", "COPY t/r/x ."),
  },
  {
    name: "volume-then-run",
    runs: true,
    dockerfile: onRoot("RUN mkdir /v && touch /v/a", "VOLUME /v", "RUN touch /v/b"),
    onlyHere: "buildah throws changes of a volume away, as the old builder did; BuildKit keeps them",
  },
  {
    name: "run-setuid",
    runs: true,
    files: app,
    dockerfile: onRoot(
      "COPY app/tool /t",
      "RUN chmod 6755 /t && chown 5:6 /t && touch /u && chmod 1777 /tmp && chmod u+s /u",
    ),
  },
  {
    name: "run-capability",
    runs: true,
    dockerfile: onRoot("RUN touch /c && setcap cap_net_raw+ep /c", "RUN mv /c /d"),
  },
  {
    name: "run-hard-links",
    runs: true,
    dockerfile: onRoot("RUN echo one > /a && ln /a /b", "RUN ln /a /c && echo two >> /b"),
    onlyHere: "buildah has one root on vfs; a layer below splits names of a file when one is written to",
  },
  {
    name: "run-recreate",
    runs: true,
    files: app,
    dockerfile: onRoot(
      "COPY app /x",
      "RUN rm -r /x && mkdir /x && touch /x/new",
      "RUN rm -r /x/new && touch /x/.n",
      "COPY app/sub /x",
    ),
  },
  {
    name: "run-delete-replace",
    runs: true,
    files: app,
    dockerfile: onRoot(
      "COPY app /x",
      "RUN rm /x/a.txt && mkdir /x/a.txt && rm -r /x/sub && ln -s / /x/sub",
      "RUN mv /x /y && rm /y/secret",
      "COPY note /y/secret",
    ),
  },
  {
    name: "run-sparse",
    runs: true,
    dockerfile: onRoot("RUN dd if=/dev/zero of=/s bs=1 count=1 seek=3000000 2>/dev/null && echo x >> /s"),
  },
  {
    name: "run-special",
    runs: true,
    dockerfile: onRoot("RUN mknod /p p && ln -s p /q && mkdir -m 2750 /g && touch '/sp ace' /-dash '/ü'"),
  },
  {
    name: "run-owner",
    runs: true,
    dockerfile: onRoot(
      "USER app",
      "RUN touch /tmp/mine",
      "USER root",
      "RUN chown -h 7 /tmp/mine; ln -s x /tmp/l; chown -h 8:9 /tmp/l",
    ),
  },
  {
    name: "run-quotes",
    runs: true,
    dockerfile: onRoot(
      'ENV Q="a b"',
      "RUN echo \"$Q\" '$Q' \\$Q > /o; echo ${Q} >> /o",
      'RUN ["/bin/sh", "-c", "echo \\"$Q\\" >> /o"]',
    ),
  },
  {
    name: "onbuild-copy",
    files: app,
    dockerfile: 'FROM scratch AS a\nONBUILD COPY note /on\nONBUILD LABEL x="$Y"\nENV Y=why\nFROM a\nCOPY note /end\n',
  },
  {
    name: "ignore-nested",
    files: { ...app, "app/x/y/z.log": "z", "app/x/keep.log": "k", "x.log": "x" },
    ignore: "**/*.log\n!app/x/keep.log\napp/sub\n!app/sub/c.js\n/note\n",
    dockerfile: scratch("COPY . /c"),
  },
  { name: "ignore-all-but", files: app, ignore: "*\n!app\napp/.*\n", dockerfile: scratch("COPY . /c") },
];
