"""Asks a real node everything that conf/openapi.json has, and holds every answer against it.

openapi.py DOCUMENT PORT DIRECTORY RECOVERY_KEY: the node listens on 127.0.0.1:PORT with [access] two_persons, has the tokens FIRST and SECOND of two
accounts, and DIRECTORY holds clean.dcm and new.dcm. Two originals and two revisions are held.
"""
import http.client
import json
import pathlib
import re
import sys
import time

from jsonschema import Draft202012Validator, FormatChecker

document, port, directory, recovery_key = sys.argv[1:]
directory = pathlib.Path(directory)
api = json.loads(pathlib.Path(document).read_text())
FIRST, SECOND = ("dsgt_" + digit * 64 for digit in "12")
done, faults = {}, []


def validator(schema):
    """Of a schema of the document; its references are the document's."""
    return Draft202012Validator({**schema, "components": api["components"]}, format_checker=FormatChecker())


def complain(where, what):
    faults.append(f"{where}: {what}")
    print("FAULT", faults[-1])


def check(where, schema, value):
    for error in list(validator(schema).iter_errors(value))[:5]:
        complain(where, f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")


def ask(method, path, body=None, expect=(200,), token=FIRST, query="", headers=None, **named):
    """path as in the document. The answer as JSON, or bytes."""
    where = f"{method} {path}"
    operation = api["paths"][path][method.lower()]
    target = re.sub(r"{(\w+)}", lambda found: named[found[1]], path) + query
    sent = {"Authorization": "Bearer " + token} if token else {}
    sent.update(headers or {})
    data = body
    if isinstance(body, (dict, list)):
        data = json.dumps(body)
        sent["Content-Type"] = "application/json"
        if "requestBody" in operation and expect[0] < 300:
            check(where + " request", operation["requestBody"]["content"]["application/json"]["schema"], body)
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=120)
    connection.request(method, target, data, sent)
    response = connection.getresponse()
    content = response.read()
    status, kind = response.status, (response.getheader("Content-Type") or "").split(";")[0]
    connection.close()
    if status not in expect:
        complain(where, f"answers {status}, not {expect}: {content[:300]}")
    described = operation["responses"].get(str(status)) or operation["responses"]["default"]
    if "$ref" in described:
        described = api["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
    kinds = described.get("content", {})
    if status != 304 and kind not in kinds and "*/*" not in kinds:
        complain(where, f"{status} is of type {kind}, not one of {list(kinds)}")
    done.setdefault((method, path), set()).add(status)
    if not kind.endswith("json"):
        return content
    value = json.loads(content)
    if "schema" in kinds.get(kind, {}):
        check(f"{where} {status}", kinds[kind]["schema"], value)
    if response.getheader("X-Content-Type-Options") != "nosniff":
        complain(where, "lacks X-Content-Type-Options")
    if response.getheader("ETag") and method == "GET" and status == 200:
        again = http.client.HTTPConnection("127.0.0.1", int(port), timeout=120)
        again.request(method, target, headers={**sent, "If-None-Match": response.getheader("ETag")})
        same = again.getresponse()
        # An answer may have changed in between, but not of a list that nobody works on.
        if same.status not in (200, 304) or (same.status == 304 and same.read() != b""):
            complain(where, f"with its ETag answers {same.status}")
        if path == V1 + "/routes" and same.status != 304:
            complain(where, "has changed by itself")
        again.close()
    return value


def until(otherwise, holds, path, **named):
    """Asks until the answer holds, at most some ten seconds, too seldom for requests_per_minute: `otherwise` is the fault then."""
    for _ in range(50):
        if holds(ask("GET", path, **named)):
            return
        time.sleep(0.2)
    complain(f"GET {path}", otherwise)


V1 = "/api/v1"
why = {"reason": "test"}

# Who asks, and how.
ask("GET", V1 + "/status", token="", expect=(401,))
ask("GET", V1 + "/status", token="dsgt_none", expect=(401,))
ask("GET", "/health/live", token="")
ask("GET", "/health/ready", token="")
if ask("GET", V1 + "/openapi.json", token="") != api:
    complain("GET /api/v1/openapi.json", "is not conf/openapi.json")
ask("GET", "/", token="", expect=(200,))
ask("GET", "/page/{file}", token="", file="page.js")
ask("GET", "/page/{file}", token="", file="nothing.js", expect=(404,))
ask("POST", V1 + "/queue/retry", b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"}, expect=(415,))
ask("POST", V1 + "/queue/retry", {"id": "x" * (1 << 20)}, expect=(413,))

# What there is.
status = ask("GET", V1 + "/status")
ask("GET", V1 + "/check")
ask("GET", V1 + "/destinations")
ask("GET", V1 + "/routes")
ask("GET", V1 + "/config/check")
ask("GET", V1 + "/retention")
ask("GET", V1 + "/key")
ask("GET", V1 + "/key", query="?master=12", expect=(400,))
ask("GET", V1 + "/devices")
ask("GET", V1 + "/report")
ask("GET", V1 + "/report", query="?from=tomorrow", expect=(400,))
ask("GET", V1 + "/audit/verify")
ask("POST", V1 + "/audit/verify", {"heads": []})
ask("GET", V1 + "/map/alarms")
ask("GET", V1 + "/withdrawals")
ask("GET", "/metrics")
studies = ask("GET", V1 + "/studies")["items"]
study, pseudonym = studies[0]["study_uid"], studies[0]["pseudonym"]
ask("GET", V1 + "/study/{name}", name=pseudonym)
ask("GET", V1 + "/study/{name}", name=study)
ask("GET", V1 + "/study/{uid}/proof", uid=study)
ask("GET", V1 + "/study/{name}", name="1.2.3", expect=(404,))

# Lists in parts.


def in_parts(path, least):
    whole = ask("GET", path)
    rows, after = [], ""
    while len(rows) <= 100:
        part = ask("GET", path, query="?max=1" + (f"&after={after}" if after else ""))
        rows += part["items"]
        after = part["next"]
        if after is None:
            break
    same = [row["id"] for row in rows] == [row["id"] for row in whole["items"]]
    if not same or whole["next"] is not None or len(rows) < least:
        complain("GET " + path, f"in parts it is another list: {len(rows)} and {len(whole['items'])} rows")
    ask("GET", path, query="?max=0", expect=(400,))


in_parts(V1 + "/quarantine", 2)
in_parts(V1 + "/revision", 2)

# Decisions about what is held.
held = [row for row in ask("GET", V1 + "/quarantine")["items"] if row["reason"] == "burned-in"]
one, other = held[0]["id"], held[1]["id"]
ask("GET", V1 + "/quarantine/{id}", id=one)
header = ask("GET", V1 + "/quarantine/{id}/header", id=one)
text = json.dumps(header) + json.dumps(ask("GET", V1 + "/quarantine/{id}/header", id=other))
if "ORIGINAL" not in text:
    complain("GET /api/v1/quarantine/{id}/header", "shows no image type")
for secret in ("SILVEIRA", "77881234", "HOSPCT01", "SN-445566", "ACC55012", "SILVAMARKER", "20250304", "1.2.826.0.1"):
    if secret in text:
        complain("GET /api/v1/quarantine/{id}/header", f"shows {secret}")
shown = {row["path"]: row for row in header["elements"]}
if shown["(0008,0060)"]["value"] != "CT" or shown["(0010,0020)"]["value"] is not None or shown["(0010,0020)"]["length"] == 0:
    complain("GET /api/v1/quarantine/{id}/header", f"{shown['(0008,0060)']} {shown['(0010,0020)']}")
ask("GET", V1 + "/quarantine/{id}", id="0" * 32, expect=(404,))
ask("GET", V1 + "/quarantine/{id}", id="nonsense", expect=(400,))
ask("POST", V1 + "/quarantine/{id}/release", {}, id=one, expect=(400,))
ask("POST", V1 + "/quarantine/{id}/release", {**why, "accept": ["burned-in"]}, id=one)
ask("POST", V1 + "/quarantine/{id}/discard", why, id=other)
sent, dropped = [row["id"] for row in ask("GET", V1 + "/revision")["items"]][:2]
ask("GET", V1 + "/revision/{id}", id=sent)
ask("POST", V1 + "/revision/{id}/send", why, id=sent)
ask("POST", V1 + "/revision/{id}/drop", why, id=dropped)

# The queue.
boundary = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=X', "Accept": "application/dicom+json"}


def stow(name):
    return b"--X\r\nContent-Type: application/dicom\r\n\r\n" + (directory / name).read_bytes() + b"\r\n--X--\r\n"


name = status["destinations"][0]["name"]
ask("POST", V1 + "/queue/retry", {"destinaton": "archive"}, expect=(400,))
ask("POST", V1 + "/queue/retry", {"destination": 5}, expect=(400,))
ask("POST", V1 + "/queue/retry", [], expect=(400,))
ask("GET", V1 + "/queue", query="?most=5", expect=(400,))
ask("POST", V1 + "/queue/retry", {})
# What was decided above is on its way: it would leave the list while that is read in parts.
until("is never empty", lambda answer: not answer["items"], V1 + "/queue")
ask("POST", V1 + "/queue/pause", {"destination": name, **why})
ask("POST", V1 + "/queue/pause", {"destination": name, **why}, expect=(409,))
ask("GET", V1 + "/destinations")
for file in ("new.dcm", "clean.dcm"):
    ask("POST", "/dicom-web/studies", stow(file), headers=boundary)
in_parts(V1 + "/queue", 2)
ask("POST", V1 + "/queue/resume", {"destination": name})
ask("POST", V1 + "/queue/abandon", {"destination": "gone", **why}, expect=(404,))
ask("POST", V1 + "/drain", {"on": True})
ask("GET", "/health/ready", token="", expect=(503,))
ask("POST", V1 + "/drain", {"on": False})

# Instances.
clean = (directory / "clean.dcm").read_bytes()
dicom = {"Content-Type": "application/dicom"}
ask("POST", V1 + "/deidentify", clean, headers=dicom, query="?dry-run=true")
ask("POST", V1 + "/deidentify", clean, headers=dicom, query="?dry-run=True")
ask("POST", V1 + "/deidentify", clean, headers=dicom, query="?dry-run=maybe", expect=(400,))
ask("POST", V1 + "/deidentify", clean, headers=dicom, query="?dryrun=true", expect=(400,))
ask("POST", V1 + "/deidentify", clean, headers=dicom)
ask("POST", V1 + "/deidentify", b"nothing", headers=dicom, expect=(400, 422))
ask("POST", V1 + "/deidentify", clean, headers={"Content-Type": "text/plain"}, expect=(415,))
ask("POST", "/dicom-web/studies/{study}", stow("new.dcm"), headers=boundary, study="1.2.3", expect=(409,))
ask("POST", "/dicom-web/studies/{study}", stow("new.dcm"), headers=boundary, study="1.2.826.0.1.3680043.10.4711.4")

# Verification.
began = ask("POST", V1 + "/verify", {"by": "auto"}, expect=(202,))
until("never ends", lambda answer: answer["state"] == "done", V1 + "/verify/{id}", id=began["id"])
ask("GET", V1 + "/status")

# Persons.
ask("POST", V1 + "/map/lookup", {"patient_id": "77881234", **why})
ask("POST", V1 + "/map/reveal", {"pseudonym": pseudonym, **why})
ask("POST", V1 + "/map/report", {"pseudonym": pseudonym, **why})
others = sorted({row["pseudonym"] for row in ask("GET", V1 + "/studies")["items"]} - {pseudonym})
ask("POST", V1 + "/map/distinct", {"a": pseudonym, "b": others[0], **why}, expect=(200, 404))
ask("POST", V1 + "/study/{uid}/withdraw", {"code": "113001", **why}, uid=study)
ask("GET", V1 + "/withdrawals", query="?max=1")
ask("POST", V1 + "/study/{uid}/admit", why, uid=study)
ask("POST", V1 + "/study/{uid}/reassign", {"patient_id": "REASSIGNED", **why}, uid=study)
ask("POST", V1 + "/map/alias", {"pseudonym": others[0], "patient_id": "ALIAS-1", "resend": True, **why}, expect=(200,))
ask("POST", V1 + "/map/import", {"csv": "site,patient_id,pseudonym\n", **why}, expect=(200, 400))
ask("POST", V1 + "/map/accept-gap", why, expect=(404,))
elsewhere = directory / "elsewhere"
elsewhere.mkdir()
exported = ask("POST", V1 + "/map/export", {"directory": str(elsewhere), **why}, expect=(202,))
forgotten = ask("POST", V1 + "/map/forget", {"pseudonym": others[0], **why}, expect=(202,))
ask("GET", V1 + "/approvals")
ask("POST", V1 + "/approvals/{id}/approve", {}, id=forgotten["approval"], expect=(403,))
ask("POST", V1 + "/approvals/{id}/approve", {}, id=forgotten["approval"], token=SECOND)
ask("POST", V1 + "/approvals/{id}/reject", why, id=exported["approval"])
label = ask("GET", V1 + "/devices")["items"][0]["label"]
ask("POST", V1 + "/devices/accept", {"label": label, **why})

# The node itself.
ask("GET", V1 + "/tokens")
made = ask("POST", V1 + "/tokens", {"name": "third", "rights": ["deidentify"], "days": 1, **why}, expect=(201,))
ask("GET", V1 + "/status", token=made["token"], expect=(403,))
ask("POST", V1 + "/map/reveal", {"pseudonym": pseudonym, **why}, token=made["token"], expect=(403,))
ask("POST", V1 + "/tokens/{name}/revoke", why, name="third")
ask("POST", V1 + "/backup", {"directory": str(elsewhere)})
ask("POST", V1 + "/key/recovery-verify", {"recovery_key": recovery_key})
ask("POST", V1 + "/key/rotate", {"present": "00" * 32, "next": "11" * 32, **why}, expect=(400, 403, 409))
ask("POST", V1 + "/key/file-written", {"key_file": "00" * 32}, expect=(200, 400, 403, 404, 409))
ask("POST", V1 + "/key/compromise", why)
ask("POST", V1 + "/map/reveal", {"pseudonym": pseudonym, **why}, token=made["token"], expect=(401,))
ask("POST", V1 + "/reload", {})
incident = ask("GET", V1 + "/incidents")["items"][0]
ask("POST", V1 + "/incidents/{number}/close", why, number=str(incident["number"]))
ask("GET", V1 + "/incidents", query="?max=1")

# Nothing is left out, and nothing was only refused but what needs a lost disk, another master key or a destination that is no more.
refused_only = {("POST", V1 + "/map/accept-gap"), ("POST", V1 + "/queue/abandon"), ("POST", V1 + "/key/rotate"), ("POST", V1 + "/key/file-written")}
for path, operations in api["paths"].items():
    for method in operations:
        key = (method.upper(), path)
        if key not in done:
            complain(" ".join(key), "was not asked")
        elif not any(status < 300 for status in done[key]) and key not in refused_only:
            complain(" ".join(key), f"was never answered but with {sorted(done[key])}")
print(f"{len(done)} endpoints, {len(faults)} faults")
sys.exit(1 if faults else 0)
