"""The description of the interface is true: whatever is sent, the answer is one that the document foretells (T20)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from .engine import Engine

DOCUMENT = "/api/v1/openapi.json"

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "missing_required_header",
    "use_after_free",
    "ensure_resource_availability",
)
"""What is checked of every answer. Not that requests of the right form succeed: the filter language has a grammar."""

SCOPES = ("tokens:read", "tokens:write", "cdna:read", "cdna:write", "metrics:read", "status:read", "logs:admin")
LOGIN = r"/auth/(login|token|refresh|logout|change-password)$"
"""Wrong passwords lock their address out, which would hide everything else."""


def fuzz(engine: Engine, folder: Path, *arguments: str) -> None:
    """Sends requests of every form that the document has, and of forms that it has not."""
    program = "from schemathesis.cli import schemathesis; schemathesis()"
    options = ["--phases", "examples,coverage,fuzzing", "--max-examples", "12", "--max-time", "20", "--seed", "1"]
    # One worker: in several, hypothesis parses at once, which CPython 3.11 sometimes cannot (SystemError of `ast`).
    options += ["--checks", ",".join(CHECKS), "--generation-database", "none", "--no-color"]
    command = [sys.executable, "-c", program, "run", engine.url + DOCUMENT, *options, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=100)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2000:]
    assert engine.stop() == 0
    assert not [line for line in engine.said if "panic" in line]


def test_without_credentials_the_server_keeps_to_its_description(start: Callable[..., Engine], tmp_path: Path) -> None:
    fuzz(start(), tmp_path)


def test_with_credentials_the_server_keeps_to_its_description(start: Callable[..., Engine], tmp_path: Path) -> None:
    engine = start("alerts.all='when level>=trace then log'")
    with engine.admin() as admin:
        made = admin.post("/api/v1/api-keys", json={"name": "fuzz", "scopes": [*SCOPES, "config:admin"]})
        lines = "\n".join(f"user {number} logged in" for number in range(50))
        admin.post("/api/v1/ingest", content=lines, headers={"Content-Type": "text/plain"})
    key = f"X-API-Key: {made.json()['api_key']}"
    only_this = ("--header", key, "--generation-with-security-parameters", "false")
    fuzz(engine, tmp_path, *only_this, "--exclude-path-regex", LOGIN)


@pytest.fixture(scope="module")
def document(engine: Engine) -> dict[str, Any]:
    """The document, which anybody may read."""
    return dict(httpx.get(engine.url + DOCUMENT).json())


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, one) for path, verbs in document["paths"].items() for verb, one in verbs.items()]


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    names = [one["operationId"] for _, _, one in operations(document)]
    assert len(names) == len(set(names)) > 40
    for path, _, one in operations(document):
        assert one["summary"].endswith("."), path
        in_path = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"}
        assert in_path == {part[1:-1] for part in path.split("/") if part.startswith("{")}, path
        assert one["tags"] == [path.removeprefix("/api/v1").split("/")[1] if path != "/api/v1" else "api"]
        for status, answer in one["responses"].items():
            if status >= "400":
                content = answer.get("content", {})["application/json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Refusal"}


def test_what_ingest_takes_is_described(document: dict[str, Any]) -> None:
    post = document["paths"]["/api/v1/ingest"]["post"]
    places = {(one["name"], one["in"]) for one in post["parameters"]}
    headers = {("Idempotency-Key", "header"), ("Content-Encoding", "header")}
    assert places == {("source", "query"), ("wait", "query"), *headers}
    assert set(post["requestBody"]["content"]) == {"application/x-ndjson", "application/json", "text/plain"}
    assert {"200", "400", "401", "403", "409", "413", "415", "422", "429", "503"} <= set(post["responses"])
    assert post["security"] == [{"bearer": []}, {"api_key": []}]


def test_who_needs_no_credentials_is_described(engine: Engine, document: dict[str, Any]) -> None:
    with httpx.Client(base_url=engine.url) as anonymous:
        for path, verb, one in operations(document):
            if verb != "get" or "{" in path:
                continue
            open_to_all = one["security"] == [] or {} in one["security"]
            status = anonymous.get(path).status_code
            if one["security"]:
                assert (status == 200) == open_to_all, path


def test_what_is_served_is_described_and_nothing_else(engine: Engine, document: dict[str, Any]) -> None:
    with engine.admin() as admin:
        for path, verbs in document["paths"].items():
            answer = admin.patch(path.replace("{seq}", "1").replace("{pattern}", "1"))
            assert answer.status_code == 405, path
            allowed = {verb.strip().lower() for verb in answer.headers["Allow"].split(",")} - {"head"}
            assert allowed == set(verbs), path
