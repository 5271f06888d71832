"""What schemathesis is told about this API: sessions, ids that exist, and what a run must leave alone.

SHANSHUI_API names a JSON file:
  cookie      the session, or null
  person      login name and password of its person, or null
  pools       values that exist, by path and by the name of a field
  kept        login names and posts that other runs still need; asked for, a spare one is taken instead
  fresh       log in anew before every request, because each may end the session
  found       file that gets a line for every answer that is not as described
  own         file that gets, at the end, how many requests these hooks have made themselves
"""

import atexit
import json
import os
import random
import re
import threading
import time

import requests
import schemathesis

WITH = json.load(open(os.environ["SHANSHUI_API"], encoding="utf-8"))
POOLS, KEPT = WITH["pools"], set(WITH["kept"])
LOCK = threading.Lock()
CHANCE = random.Random(WITH["seed"])
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
REGISTRABLE = re.compile(r"[A-Za-z0-9_-]{1,64}")
ADDRESS = "x-forwarded-for"
OWN = {"requests": 0}
# passwords that the person had or may have been given
SENT = [(WITH["person"] or {}).get("password")]


@atexit.register
def own():
    with open(WITH["own"], "w", encoding="utf-8") as file:
        file.write(str(OWN["requests"]))


def address():
    """Nobody waits for another's failed logins: the server counts them by address too, and trusts us as a proxy."""
    return ".".join(str(CHANCE.randrange(1, 255)) for _ in range(4))


def one(name):
    return CHANCE.choice(POOLS[name])


def exists(case):
    """Puts values that exist into some places of a request."""
    path = case.operation.path
    for name in case.path_parameters or {}:
        if POOLS.get(f"{path}#{name}"):
            case.path_parameters[name] = one(f"{path}#{name}")
    for part in (case.query, case.body):
        if isinstance(part, dict):
            for name in part:
                if POOLS.get(name) and CHANCE.random() < 0.7:
                    part[name] = one(name)
    if path.endswith("/evidence") and case.method == "POST":
        case.body, case.media_type = PNG, "image/png"
    if path == "/api/v1/system/login" and isinstance(case.body, dict):
        case.body.update(one("spare logins"))
    if path == "/api/v1/system/second-factor" and isinstance(case.body, dict) and WITH["person"]:
        case.body["password"] = WITH["person"]["password"]
    if path == "/api/v1/system/password" and isinstance(case.body, dict) and WITH["person"]:
        case.body["old"] = WITH["person"]["password"]


def spares(case):
    """Keeps what the sessions of other runs hang on, and commands to devices that nobody plays."""
    for name, value in (case.path_parameters or {}).items():
        pool = f"{case.operation.path}#{name}"
        silent = name == "mn" and case.method == "POST" and REGISTRABLE.fullmatch(str(value))
        if pool in POOLS and (str(value) in KEPT or (silent and value not in POOLS[pool])):
            case.path_parameters[name] = one(pool)


@schemathesis.hook
def before_call(context, case, kwargs):
    with LOCK:
        lucky = CHANCE.random()
        if lucky < 0.5:
            exists(case)
        spares(case)
        headers = {} if lucky > 0.99 else {"x-shanshui": "1"}
        path = case.operation.path
        if path == "/api/v1/system/login" or WITH["fresh"]:
            headers[ADDRESS] = address()
        cookie = WITH["cookie"]
        if WITH["fresh"] and WITH["person"]:
            cookie = log_in()
        # a login takes the session away that it is made in
        if cookie and (path != "/api/v1/system/login" or WITH["fresh"]):
            headers["Cookie"] = f"shanshui_session={cookie}"
        case.headers.update(headers)
        if WITH["fresh"] and path.endswith("/sessions/{id}/end") and cookie and lucky < 0.7:
            OWN["requests"] += 1
            sessions = requests.get(WITH["url"] + "/api/v1/system/sessions", headers=headers, timeout=30).json()
            case.path_parameters["id"] = CHANCE.choice(sessions)["id"]


def log_in():
    """A new session. Another request may just be changing the password: whichever it is by then, is one that was sent."""
    for turn in range(10):
        password = WITH["person"]["password"] if turn % 2 == 0 else SENT[-1 - turn // 2 % len(SENT)]
        person = {"login": WITH["person"]["login"], "password": password}
        headers = {"x-shanshui": "1", ADDRESS: address()}
        OWN["requests"] += 1
        answer = requests.post(WITH["url"] + "/api/v1/system/login", json=person, headers=headers, timeout=30)
        if answer.status_code == 200:
            WITH["person"]["password"] = password
            return answer.cookies["shanshui_session"]
        time.sleep(0.1)
    note("no login", "POST", "/api/v1/system/login", answer.status_code, answer.text)
    return None


def note(what, method, path, status, text):
    with open(WITH["found"], "a", encoding="utf-8") as found:
        line = {"what": what, "method": method, "path": path, "status": status, "text": text[:600]}
        found.write(json.dumps(line, ensure_ascii=False) + "\n")


@schemathesis.hook
def after_call(context, case, response):
    changed = case.operation.path == "/api/v1/system/password" and response.status_code == 204
    if changed and WITH["fresh"]:
        WITH["person"]["password"] = case.body["new"]
        SENT.append(case.body["new"])


@schemathesis.hook
def filter_failure(context, failure, case, response):
    asked = f"{case.formatted_path} {case.query} {case.body!r}"
    answered = response.content[:200].decode("utf-8", "replace")
    text = f"{failure.title}: {failure.message} | {asked[:300]} | {answered}"
    note(type(failure).__name__, case.method, case.operation.path, response.status_code, text)
    return True


@schemathesis.hook
def after_network_error(context, case, request):
    note("no answer", case.method, case.operation.path, 0, request.url)
