"""Lists tar archives as describe.ts does, by Python's tarfile.

Standard input: a JSON array of archives in base64. Standard output: a JSON array of their listings, as arrays of lines;
a last line that starts with "!" is an error.
"""
import base64, hashlib, io, json, math, sys, tarfile, urllib.parse

KINDS = {tarfile.LNKTYPE: "hardlink", tarfile.SYMTYPE: "symlink", tarfile.CHRTYPE: "character-device",
         tarfile.BLKTYPE: "block-device", tarfile.DIRTYPE: "directory", tarfile.FIFOTYPE: "fifo", b"D": "directory"}


def clean(name):
    return "/".join(part for part in name.split("/") if part not in ("", ".")) or "."


def quote(name):
    return "".join(chr(b) if 0x21 <= b <= 0x7E and b != 0x5C else "\\x%02x" % b
                   for b in name.encode("utf-8", "surrogateescape"))


def xattrs(member):
    found = {}
    for key, value in member.pax_headers.items():
        if key.startswith("SCHILY.xattr."):
            name = key[13:].replace("%3D", "=").replace("%25", "%")
            found[name] = value.encode("utf-8", "surrogateescape")
        elif key.startswith("LIBARCHIVE.xattr."):
            found[urllib.parse.unquote(key[17:])] = base64.b64decode(value + "==")
    return ["%s=%s" % (name, found[name].hex()) for name in sorted(found)]


def describe(archive, member):
    kind = KINDS.get(member.type, "file")
    words = [kind, "%04o" % (member.mode & 0o7777), "%d:%d" % (member.uid, member.gid), str(math.floor(member.mtime)),
             quote(clean(member.name))]
    if kind == "file":
        body, digest = archive.extractfile(member), hashlib.sha1()
        while part := body.read(1 << 20):
            digest.update(part)
        words += [str(member.size), digest.hexdigest()[:12]]
    elif kind == "hardlink":
        words += ["->", quote(clean(member.linkname))]
    elif kind == "symlink":
        words += ["->", quote(member.linkname)]
    elif kind.endswith("device"):
        words.append("%d,%d" % (member.devmajor, member.devminor))
    return " ".join(words + xattrs(member))


def listing(data):
    lines = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|", errors="surrogateescape", encoding="utf-8") as archive:
            lines.extend(describe(archive, member) for member in archive if member.type != b"V")
    except Exception as error:
        lines.append("! %s" % error)
    return lines


json.dump([listing(base64.b64decode(one)) for one in json.load(sys.stdin)], sys.stdout)
