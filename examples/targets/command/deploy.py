#!/usr/bin/env python3
"""A target of kind command: keeps components as files below $SITE.

Reads a request as JSON from standard input. Asked to observe, prints what is installed as JSON.
"""
import fcntl
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

STALE = 79  # a newer deployment has been here: nothing was done

request = json.load(sys.stdin)
site = Path(os.environ["SITE"])
site.mkdir(parents=True, exist_ok=True)
record = site / "record.json"


def read_record():
    if record.exists():
        return json.loads(record.read_text())
    return {"epoch": 0, "components": {}}


def observe():
    installed = read_record()
    components = {}
    for name, item in installed["components"].items():
        file = site / name
        if file.is_file():  # what is gone is not there, whatever the record says
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            components[name] = {"version": item["version"], "sha256": digest}
    json.dump({"version": 1, "epoch": installed["epoch"], "components": components}, sys.stdout)


def deploy():
    with open(site / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time
        before = read_record()
        if request["epoch"] < before["epoch"]:
            sys.exit(STALE)
        # The same epoch with another key: the ledger was restored from a backup.
        if request["epoch"] == before["epoch"] and request["key"] != before.get("key", request["key"]):
            sys.exit(STALE)
        # Everything is copied, changed or not: what was altered by hand is put right as well.
        for name, path in request["files"].items():
            shutil.copyfile(path, site / (name + ".next"))
            os.replace(site / (name + ".next"), site / name)
        for name in set(before["components"]) | set(request["from"]):
            if name not in request["to"]:
                (site / name).unlink(missing_ok=True)
        after = {"epoch": request["epoch"], "key": request["key"], "components": request["to"]}
        (site / "record.next").write_text(json.dumps(after))
        os.replace(site / "record.next", record)


if request["version"] != 1:
    sys.exit("this script knows version 1 of the request only")
{"deploy": deploy, "observe": observe}[request["operation"]]()
