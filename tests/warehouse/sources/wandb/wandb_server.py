"""A server on the loopback that speaks the part of W&B's GraphQL API that wandb's public API asks for here."""

from __future__ import annotations

import io
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

KEY = "0123456789abcdef0123456789abcdef01234567"


class WandbServer:
    """Projects with runs and sweeps; counts what was asked, and can say that there were too many requests."""

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.sweeps: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """(operation, variables) of every request."""
        self.refuse: dict[str, list[int]] = {}
        """Operation -> how often it is still refused with 429, and the seconds to wait."""
        self.refused_at: list[float] = []
        self.exported: set[str] = set()
        """Runs whose history is there as Parquet."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.answer(self, body)

            def do_GET(self) -> None:  # noqa: N802
                outer.export(self, outer.parquet(self.path.removeprefix("/parquet/")))

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def send(self, handler, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    def export(self, handler, body: bytes) -> None:
        """Send a file, or the range of it that is asked for."""
        asked = handler.headers.get("Range")
        if not asked:
            self.send(handler, 200, body, "application/octet-stream")
            return
        first, last = (int(end) for end in asked.removeprefix("bytes=").split("-"))
        where = f"bytes {first}-{last}/{len(body)}"
        self.send(handler, 206, body[first : last + 1], "application/octet-stream", Content_Range=where)

    def answer(self, handler, body: bytes) -> None:
        if handler.path != "/graphql":
            self.send(handler, 404, b"")
            return
        request = json.loads(body)
        operation = request["query"].split("query ", 1)[1].split("(")[0].split("{")[0].strip()
        variables = request.get("variables") or {}
        self.asked.append((operation, variables))
        left = self.refuse.get(operation)
        if left and left[0] > 0:
            left[0] -= 1
            self.refused_at.append(time.monotonic())
            self.send(handler, 429, b'{"error": "rate limit exceeded"}', Retry_After=str(left[1]))
            return
        known = getattr(self, f"on_{operation.lower()}", None)
        if known is None:
            self.send(handler, 400, json.dumps({"errors": [{"message": f"unknown operation {operation}"}]}).encode())
            return
        data = known(variables)
        self.send(handler, 200, json.dumps({"data": data}).encode())

    def on_viewer(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {"viewer": {"id": "1", "entity": "ent", "username": "u", "email": "", "flags": "{}",
                           "teams": {"edges": []}}}  # fmt: skip

    on_getdefaultentity = on_viewer

    def on_runs(self, variables: dict[str, Any]) -> dict[str, Any]:
        if variables["project"] != "proj":
            return {"project": None}
        sweep = json.loads(variables["filters"]).get("sweep")
        found = [run for run in self.runs if sweep in (None, run["sweepName"])]
        first = int(variables["cursor"] or 0)
        page = found[first : first + variables["perPage"]]
        edges = [{"node": run, "cursor": str(first + at + 1)} for at, run in enumerate(page)]
        more = first + len(page) < len(found)
        info = {"endCursor": str(first + len(page)), "hasNextPage": more}
        runs = {"edges": edges, "pageInfo": info}
        return {"project": {"internalId": "1", "runCount": len(found), "readOnly": False, "runs": runs}}

    def on_getsweep(self, variables: dict[str, Any]) -> dict[str, Any]:
        config = self.sweeps[variables["name"]]
        sweep = {"__typename": "Sweep", "id": "U3dlZXA=", "name": variables["name"], "displayName": None,
                 "method": config["method"], "state": "FINISHED", "description": None, "bestLoss": None,
                 "config": json.dumps(config), "createdAt": "2026-01-01T00:00:00", "updatedAt": None, "runCount": 1,
                 "runCountExpected": None}  # fmt: skip
        return {"project": {"sweep": sweep}}

    def run_of(self, variables: dict[str, Any]) -> dict[str, Any]:
        name = variables.get("name") or variables.get("runName") or variables.get("run")
        return next(run for run in self.runs if run["name"] == name)

    def on_runsampledhistory(self, variables: dict[str, Any]) -> dict[str, Any]:
        """What `run.history(keys=…, samples=…)` asks for: about so many of the rows that have all keys."""
        return self.sampled(variables, json.loads(variables["specs"][0]))

    def on_sampledhistorypage(self, variables: dict[str, Any]) -> dict[str, Any]:
        """What `run.scan_history(keys=…)` asks for where rows are not exported yet."""
        return self.sampled(variables, json.loads(variables["spec"]))

    def sampled(self, variables: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
        steps = range(spec.get("minStep", 0), spec.get("maxStep", 1 << 62) + 1)
        rows = self.run_of(variables)["rows"]
        rows = [row for row in rows if set(spec["keys"]) <= row.keys() and row["_step"] in steps]
        every = max(1, len(rows) // spec["samples"])
        return {"project": {"run": {"sampledHistory": [rows[::every]]}}}

    def on_runhistorykeys(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {"project": {"run": {"historyKeys": {"lastStep": len(self.run_of(variables)["rows"]) - 1}}}}

    def on_runparquethistory(self, variables: dict[str, Any]) -> dict[str, Any]:
        name = variables["runName"]
        urls = [f"{self.url}/parquet/{name}"] if name in self.exported else []
        live = [] if urls else [{"_step": row["_step"]} for row in self.run_of(variables)["rows"]]
        return {"project": {"run": {"parquetHistory": {"parquetUrls": urls, "liveData": live}}}}

    def parquet(self, name: str) -> bytes:
        rows = next(run for run in self.runs if run["name"] == name)["rows"]
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), sink)
        return sink.getvalue()

    def add(self, name: str, *, config: dict[str, Any], summary: dict[str, Any], state: str = "finished",
            sweep: str | None = None, rows: list[dict[str, Any]] | None = None) -> dict[str, Any]:  # fmt: skip
        rows = rows or []
        wrapped = {key: {"value": value, "desc": None} for key, value in config.items()}
        run = {
            "projectId": "1", "id": f"storage-{name}", "tags": ["a"], "name": name, "displayName": f"run {name}",
            "sweepName": sweep, "state": state, "config": json.dumps({"_wandb": {"value": {}}, **wrapped}),
            "group": None, "jobType": None, "commit": None, "readOnly": False, "createdAt": "2026-01-01T10:00:00",
            "heartbeatAt": "2026-01-01T10:01:00Z", "description": None, "notes": None, "systemMetrics": "{}",
            "summaryMetrics": json.dumps(summary), "historyLineCount": len(rows), "historyKeys": None,
            "user": {"name": "u", "username": "u"}, "rows": rows,
        }  # fmt: skip
        self.runs.append(run)
        return run
