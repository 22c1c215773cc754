// Dockerfiles of every shape, small: what each gives is in a golden picture, and the same as what another builder makes of it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles.
import type { Files } from "./world.ts";

export interface DockerfileCase {
  readonly name: string;
  readonly files?: Files;
  readonly dockerfile: string;
  /** The programs of `hostRoot` are in `root.tar`, for RUN. */
  readonly runs?: boolean;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly squash?: boolean;
  readonly ignore?: string;
  /** Why another builder gives something else, or cannot read it. */
  readonly onlyHere?: string;
}

const app: Files = {
  "app/main.js": "main",
  "app/lib/a.js": "a",
  "app/lib/b.txt": "b",
  "app/link": "-> main.js",
  "app/run.sh@755": "#!/bin/sh\n",
  "app/empty/@700": "",
  "notes.txt": "notes",
};

export const cases: readonly DockerfileCase[] = [
  { name: "copy-file", files: app, dockerfile: 'FROM scratch\nCOPY notes.txt /\nCMD ["/x"]\n' },
  { name: "copy-file-renamed", files: app, dockerfile: "FROM scratch\nCOPY notes.txt /etc/motd\n" },
  { name: "copy-into-folder", files: app, dockerfile: "FROM scratch\nCOPY notes.txt app/main.js /a/b/\n" },
  { name: "copy-folder-contents", files: app, dockerfile: "FROM scratch\nCOPY app /srv/app\n" },
  { name: "copy-all", files: app, dockerfile: "FROM scratch\nCOPY . .\n" },
  { name: "copy-glob", files: app, dockerfile: "FROM scratch\nCOPY app/*.js app/l*/*.t?t /x/\n" },
  { name: "copy-json-form", files: { "a b": "1" }, dockerfile: 'FROM scratch\nCOPY ["a b", "/c d"]\n' },
  { name: "copy-link-source", files: app, dockerfile: "FROM scratch\nCOPY app/link /file\n" },
  {
    name: "copy-chown-chmod",
    files: app,
    dockerfile: "FROM scratch\nCOPY --chown=1000:2000 --chmod=640 notes.txt /home/a/\nCOPY --chown=7 app /b\n",
  },
  {
    name: "copy-chown-names",
    files: { ...app, "etc/passwd": "u:x:11:22::/:/\n", "etc/group": "g:x:33:\n" },
    dockerfile: "FROM scratch\nCOPY etc /etc\nCOPY --chown=u:g notes.txt /1\nCOPY --chown=u notes.txt /2\n",
  },
  {
    name: "copy-parents",
    files: app,
    dockerfile: "FROM scratch\nCOPY --parents app/lib/a.js ./app/./lib/b.txt /x/\n",
    onlyHere: "buildah 1.28 has no --parents",
  },
  {
    name: "copy-exclude",
    files: app,
    dockerfile: "FROM scratch\nCOPY --exclude=*.js --exclude=lib/*.txt app /x/\n",
    onlyHere: "buildah 1.28 has no --exclude",
  },
  {
    name: "copy-symbolic-chmod",
    files: app,
    dockerfile: "FROM scratch\nCOPY --chmod=u=rwX,go=rX app /x/\n",
    onlyHere: "buildah 1.28 takes octal modes only",
  },
  {
    name: "copy-heredoc",
    dockerfile: 'FROM scratch\nARG A=1\nCOPY <<one <<"two" /d/\nA is $A "q" \\$A\none\nB is $A\ntwo\n',
    onlyHere: "buildah 1.28 has no here-documents",
  },
  {
    name: "copy-over-and-onto",
    files: { ...app, "other/main.js": "other", "other/new": "new" },
    dockerfile: "FROM scratch\nCOPY app /x\nCOPY other /x/\nCOPY notes.txt /x/main.js\n",
  },
  {
    name: "copy-through-link",
    files: { ...app, "tree/bin": "-> usr/bin", "tree/usr/bin/x": "x" },
    dockerfile: "FROM scratch\nCOPY tree /\nCOPY notes.txt /bin/\n",
  },
  {
    name: "ignore",
    files: { ...app, "node_modules/m": "m", "keep.log": "k", "b.log": "b" },
    ignore: "# comment\n**/*.js\nnode_modules\n*.log\n!keep.log\n",
    dockerfile: "FROM scratch\nCOPY . /c/\n",
  },
  {
    name: "stages",
    files: app,
    dockerfile:
      "FROM scratch AS one\nCOPY app /app\nFROM scratch AS unused\nCOPY missing /\nFROM scratch\nCOPY --from=one /app/lib /lib2/\nCOPY --from=0 /app/run.sh /run.sh\n",
  },
  {
    name: "stage-on-stage",
    files: app,
    dockerfile:
      'FROM scratch AS base\nENV A=1\nLABEL l=1\nCOPY notes.txt /a\nCMD ["a"]\nFROM base\nENV B=$A$A\nCOPY notes.txt /b\n',
  },
  {
    name: "target",
    files: app,
    target: "mid",
    dockerfile: "FROM scratch AS mid\nCOPY notes.txt /mid\nFROM mid\nCOPY notes.txt /end\n",
  },
  {
    name: "arguments",
    files: app,
    buildArgs: { GIVEN: "given", UNUSED_GLOBAL: "g" },
    dockerfile:
      'ARG NAME=notes\nARG UNUSED_GLOBAL\nFROM scratch\nARG NAME\nARG GIVEN=default\nARG OTHER=${NAME}-x\nARG NONE\nLABEL name=$NAME given=$GIVEN other=$OTHER none="$NONE" unset="${UNUSED_GLOBAL}"\nCOPY ${NAME}.txt /$OTHER\n',
  },
  {
    name: "variables",
    files: app,
    dockerfile:
      'FROM scratch\nENV a=hello b="x y" c=z\\ w\nENV a=bye d=$a\nENV old style value\nLABEL e=${a:-no} f=${q:-dflt} g=${a:+set} h=\'$a\' i="\\$a"\nWORKDIR /w/${d}\nWORKDIR sub\nCOPY notes.txt .\n',
  },
  {
    name: "config",
    dockerfile:
      'FROM scratch\nUSER 7:8\nEXPOSE 80 53/udp\nVOLUME /data ["/x"]\nVOLUME ["/v 1"]\nSTOPSIGNAL SIGQUIT\nENTRYPOINT ["/e", "x"]\nCMD a b\nONBUILD COPY . /\nMAINTAINER me@example.org\n',
    labels: { "from.flag": "1" },
  },
  {
    name: "shell-and-entrypoint",
    onlyHere: "buildah 1.28 runs a shell form by /bin/sh, whatever SHELL says",
    dockerfile:
      'FROM scratch AS one\nCMD ["base"]\nFROM one\nSHELL ["/bin/other", "-x"]\nENTRYPOINT run $HOME\nHEALTHCHECK --interval=1m30s --retries=3 CMD curl x\n',
  },
  {
    name: "expose-ranges",
    dockerfile: "FROM scratch\nARG P=9000\nEXPOSE 8000-8002 $P/UDP\n",
    onlyHere: "buildah keeps a range",
  },
  {
    name: "stage-name-case",
    files: app,
    dockerfile: "FROM scratch AS Base\nCOPY notes.txt /a\nFROM BASE\nCOPY --from=bASE /a /b\n",
    onlyHere: "buildah 1.28 wants the same case",
  },
  { name: "health-none", dockerfile: "FROM scratch\nHEALTHCHECK NONE\nCMD exec form\n" },
  { name: "add-archive", files: { "r.tar": "" }, dockerfile: "FROM scratch\nADD r.tar /opt/\n" },
  {
    name: "continuations",
    files: app,
    dockerfile: "# escape=`\nFROM scratch\nLABEL a=1 `\n# comment\n  b=2 `\n\n  c=3\nCOPY notes.txt `\n /n\n",
  },
  {
    name: "squash",
    files: app,
    squash: true,
    dockerfile: "FROM scratch\nCOPY app /x\nCOPY notes.txt /x/main.js\nLABEL a=1\n",
  },
  {
    name: "run",
    runs: true,
    files: app,
    dockerfile:
      'FROM scratch\nADD root.tar /\nWORKDIR /work\nCOPY app .\nRUN cat main.js lib/a.js > both && rm -r lib main.js && chmod 600 run.sh\nRUN ["/bin/touch", "-d", "2001-01-01 00:00 UTC", "/old"]\nRUN touch /tmp/kept\nCMD ["/bin/sh"]\n',
  },
  {
    name: "run-variables",
    runs: true,
    buildArgs: { A: "given" },
    dockerfile:
      'FROM scratch\nADD root.tar /\nARG A=1\nARG B=2\nENV B=env C="$A-$B"\nRUN echo "$A $B $C ${D:-none}" > /out\nRUN echo $HOME $PATH > /home; id -u > /id\nUSER app\nWORKDIR /tmp\nRUN id -u > who; echo $HOME >> who\n',
  },
  {
    name: "run-replaces",
    runs: true,
    files: app,
    dockerfile:
      "FROM scratch\nADD root.tar /\nCOPY app /x\nRUN rm -r /x/lib && echo file > /x/lib && rm /x/main.js && mkdir /x/main.js && touch /x/main.js/in && ln -s lib /x/l2 && ln /x/lib /x/l3\nRUN rm -r /x && mkdir /x && touch /x/new\n",
  },
  {
    name: "run-heredoc",
    runs: true,
    dockerfile:
      'FROM scratch\nADD root.tar /\nRUN <<END\necho one > /1\necho "$HOME" > /2\nEND\nRUN cat <<EOF > /3 && cat <<-TAB > /4\nthree\nEOF\n\tfour\n\tTAB\nRUN <<END\n#!/bin/sh\necho $0 > /5\nEND\n',
    onlyHere: "buildah 1.28 has no here-documents",
  },
  {
    name: "run-shell",
    runs: true,
    dockerfile:
      'FROM scratch\nADD root.tar /\nSHELL ["/bin/sh", "-e", "-c"]\nRUN echo a > /a; true; \\\n  # comment\n  echo b > /b\n',
  },
  {
    name: "onbuild-stage",
    runs: true,
    files: app,
    dockerfile: "FROM scratch AS one\nADD root.tar /\nONBUILD RUN echo on > /built\nFROM one\nRUN cat /built > /copy\n",
  },
];
