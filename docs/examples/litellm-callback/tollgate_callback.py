"""Reports what LiteLLM has used to Tollgate: one usage report per call, by way of a folder, so that none is lost.

Put this file beside LiteLLM's config.yaml and name it there:

    litellm_settings:
      callbacks: tollgate_callback.callback

TOLLGATE_URL      control's address, such as http://127.0.0.1:8081
TOLLGATE_TOKEN    a virtual key, whose usage all of it is; or an admin token. Then the alias of each LiteLLM key has
                  to be the id of a Tollgate key.
TOLLGATE_ORG      the organisation, with a token of the platform
TOLLGATE_SOURCE   names this LiteLLM among all that report; default "litellm"
TOLLGATE_SPOOL    the folder; default ./tollgate-spool. It has to outlive the process.

Only Python's standard library is needed. The mapping is explained in docs/events.md.
"""

import hashlib
import json
import os
import re
import sys
import threading
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

try:
    from litellm.integrations.custom_logger import CustomLogger
except ImportError:  # The mapping can be looked at without LiteLLM.
    CustomLogger = object

BATCH = 100
SECONDS_BETWEEN_TRIES = 5
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")

# What LiteLLM's usage object counts in tokens, by the words that its call types have in them. For everything else it
# holds zeros or estimates: such a call is reported without usage, and stays suspended until somebody knows.
API_OF = {"embedding": "embeddings", "completion": "openai-chat", "responses": "openai-chat", "messages": "openai-chat"}
UNCOUNTED_API_OF = {"image": "images", "speech": "audio", "transcription": "audio", "rerank": "rerank"}


def usage_report(payload, source="litellm", org=None, key_by_alias=False):
    """The usage report of a StandardLoggingPayload; None for a call that no provider bills."""
    usage = token_usage(payload)
    failed = payload.get("status") == "failure"
    # An answer out of LiteLLM's own cache, and a call that failed before anything was counted.
    if payload.get("cache_hit") or (failed and usage is None):
        return None
    api, is_counted = api_of(payload.get("call_type") or "")
    provider = payload.get("custom_llm_provider") or "unknown"
    metadata = payload.get("metadata") or {}
    response = payload.get("response")
    served = response.get("model") if isinstance(response, dict) else None
    trace = payload.get("trace_id") or ""
    return without_nones({
        "specversion": "1.0",
        # A call that failed and was tried again may have the id of the one that succeeded.
        "id": payload["id"] + (":failed" if failed else ""),
        "source": source,
        "type": "tollgate.usage-report.v1",
        "time": instant(payload["startTime"]),
        "org": org,
        "data": without_nones({
            "key": metadata.get("user_api_key_alias") if key_by_alias else None,
            "channel": "litellm",
            "requestId": trace if IDENTIFIER.fullmatch(trace) else None,
            "outcome": "broken" if failed else "completed",
            "firstByteAt": instant(payload["completionStartTime"]) if payload.get("stream") else None,
            "finishedAt": instant(payload["endTime"]),
            "providerUsage": without_nones({
                "provider": provider,
                "api": api,
                "model": plain_model(payload["model"], provider),
                "servedModel": plain_model(served, provider) if isinstance(served, str) and served else None,
                "usage": usage if is_counted else None,
            }),
        }),
    })


def api_of(call_type):
    for word, api in UNCOUNTED_API_OF.items():
        if word in call_type:
            return api, False
    for word, api in API_OF.items():
        if word in call_type:
            return api, True
    return "openai-chat", True


def token_usage(payload):
    """LiteLLM's usage object, which has OpenAI's words whoever answered. What nobody counted is zeros there."""
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    usage = (payload.get("metadata") or {}).get("usage_object") or {name: payload.get(name) for name in names}
    return without_nones(usage) if any(usage.get(name) for name in names) else None


def plain_model(model, provider):
    return model[len(provider) + 1 :] if model.startswith(provider + "/") else model


def instant(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")


def without_nones(members):
    return {name: value for name, value in members.items() if value is not None}


class Spool:
    """A folder of reports on their way. A file is removed only when Tollgate's log has its report."""

    def __init__(self, folder, url, token):
        self.folder, self.url, self.token = Path(folder), url, token
        self.refused = self.folder / "refused"
        self.refused.mkdir(parents=True, exist_ok=True)
        self.wake = threading.Event()

    def add(self, report):
        name = hashlib.sha256(json.dumps([report["source"], report["id"]]).encode()).hexdigest()
        draft = self.folder / f"{name}.{threading.get_ident()}.draft"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(report, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self.folder / f"{name}.json")
        self.wake.set()

    def run(self):
        while True:
            self.wake.clear()
            if not self.send():
                self.wake.wait(SECONDS_BETWEEN_TRIES)

    def send(self):
        """Sends one batch. True when another one may follow at once."""
        files = sorted(self.folder.glob("*.json"))[:BATCH]
        if not files:
            return False
        body = "[" + ",".join(file.read_text(encoding="utf-8") for file in files) + "]"
        headers = {"content-type": "application/cloudevents-batch+json", "authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/events", body.encode(), headers, method="POST")
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except urllib.error.HTTPError as error:
            return self.set_aside(files, error)
        except OSError as error:
            print(f"tollgate: {error}; trying again", file=sys.stderr)
            return False
        for file in files:
            file.unlink()
        return True

    def set_aside(self, files, error):
        """Nothing of a batch is taken when one report is refused: those that are named are kept for a person to see."""
        try:
            body = json.loads(error.read())["error"]
        except (ValueError, KeyError):
            body = {"message": str(error)}
        print(f"tollgate: {body['message']}", file=sys.stderr)
        refused = {event["index"] for event in body.get("events", [])}
        for index in refused:
            os.replace(files[index], self.refused / files[index].name)
        return bool(refused)


class TollgateCallback(CustomLogger):
    # The proxy calls these two once for each call; beside their synchronous twins a call would be seen twice.
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        self.log(kwargs.get("standard_logging_object"))

    async def async_log_failure_event(self, kwargs, response_obj, start_time, end_time):
        self.log(kwargs.get("standard_logging_object"))

    def __init__(self, environment=os.environ):
        super().__init__()
        token = environment["TOLLGATE_TOKEN"]
        self.source = environment.get("TOLLGATE_SOURCE", "litellm")
        self.org = environment.get("TOLLGATE_ORG")
        self.key_by_alias = token.startswith("tga-") or self.org is not None
        self.spool = Spool(environment.get("TOLLGATE_SPOOL", "tollgate-spool"), environment["TOLLGATE_URL"], token)
        threading.Thread(target=self.spool.run, daemon=True).start()

    def log(self, payload):
        report = payload and usage_report(payload, self.source, self.org, self.key_by_alias)
        if report:
            self.spool.add(report)


if __name__ == "__main__":
    # Shows the reports of a file with payloads, one JSON array in and one out.
    reports = (usage_report(payload) for payload in json.load(sys.stdin))
    json.dump([report for report in reports if report], sys.stdout, indent=2)
elif CustomLogger is not object:
    callback = TollgateCallback()
