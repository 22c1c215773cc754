"""Reads problems, one JSON a line, and prints for each what dnf would install into an empty system, or its error."""

import json
import logging
import shutil
import sys
import tempfile

import dnf
import dnf.exceptions
import dnf.repo

logging.getLogger("dnf").setLevel(logging.CRITICAL + 1)
cache = tempfile.mkdtemp()


def repository(one, conf):
    repo = dnf.repo.Repo(one["id"], conf)
    repo.baseurl = ["file://" + one["folder"]]
    repo.priority = one.get("priority", 99)
    repo.cost = one.get("cost", 1000)
    repo.excludepkgs = one.get("excludes", [])
    repo.includepkgs = one.get("includes", [])
    repo.module_hotfixes = one.get("moduleHotfixes", False)
    repo.gpgcheck = False
    repo.repo_gpgcheck = False
    return repo


def solve(problem):
    base = dnf.Base()
    try:
        conf = base.conf
        conf.cachedir = cache
        conf.persistdir = cache + "/persist"
        conf.installroot = cache + "/root"
        conf.install_weak_deps = problem.get("recommends", False)
        conf.best = False
        conf.plugins = False
        conf.module_platform_id = "platform:" + problem["platform"]
        conf.substitutions["releasever"] = "1"
        conf.excludepkgs = problem.get("without", [])
        for one in problem["repositories"]:
            base.repos.add(repository(one, conf))
        base.fill_sack(load_system_repo=False)
        base.read_comps(arch_filter=True)
        base.install_specs(problem["install"])
        base.resolve()
        return sorted("%s-%s.%s@%s" % (p.name, p.evr, p.arch, p.reponame) for p in base.transaction.install_set)
    except dnf.exceptions.Error:
        return None
    finally:
        base.close()


for line in sys.stdin:
    print(json.dumps(solve(json.loads(line))), flush=True)
shutil.rmtree(cache, ignore_errors=True)
