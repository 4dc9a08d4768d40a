"""Reads a ServiceNow instance and attaches files, through its own public API, as any client with an OAuth token may."""

from __future__ import annotations

import hashlib
import json
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from console import Problem

Row = dict[str, str]
SHOWN = ("number", "short_description", "state", "priority", "assignment_group", "account", "company")


@dataclass
class File:
    name: str
    media_type: str
    sha256: str
    size: int


@dataclass
class Record:
    table: str
    sys_id: str
    fields: Row
    files: list[File] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)
    work_notes: list[Row] = field(default_factory=list)


class Instance:
    def __init__(self, url: str, client: dict[str, str]) -> None:
        self.url = url
        self.token = ""
        form = urllib.parse.urlencode({"grant_type": "client_credentials", **client}).encode()
        self.token = json.loads(self.open("/oauth_token.do", form))["access_token"]

    def open(self, path: str, body: bytes | None = None, media_type: str | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, body)
        request.add_header("Accept", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if media_type:
            request.add_header("Content-Type", media_type)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.read()
        except OSError as error:
            raise Problem(f"ServiceNow did not answer {path.split('?')[0]}: {error}") from error

    def result(self, path: str, **parameters: str) -> Any:
        return json.loads(self.open(f"{path}?{urllib.parse.urlencode(parameters)}"))["result"]

    def record(self, table: str, sys_id: str) -> Record:
        """The record with display values, its files (downloaded and hashed) and its journal, oldest first."""
        fields = self.result(f"/api/now/table/{table}/{sys_id}", sysparm_display_value="true")
        record = Record(table, sys_id, {name: shown(value) for name, value in fields.items()})
        for row in self.result("/api/now/attachment", sysparm_query=f"table_sys_id={sys_id}^ORDERBYsys_created_on"):
            content = self.open(f"/api/now/attachment/{row['sys_id']}/file")
            digest = hashlib.sha256(content).hexdigest()
            record.files.append(File(row["file_name"], row["content_type"], digest, len(content)))
        record.comments = self.journal(sys_id, "comments")
        record.work_notes = self.journal(sys_id, "work_notes")
        return record

    def rows(self, table: str, query: str, display: bool = False) -> list[Row]:
        """Groups and people by name; other fields as they are stored, or as people see them."""
        kind = "display_value" if display else "value"
        found = self.result(f"/api/now/table/{table}", sysparm_query=query, sysparm_display_value="all")
        references = ("assignment_group", "assigned_to")
        return [
            {name: value["display_value" if name in references else kind] for name, value in row.items()}
            for row in found
        ]

    def attach(self, table: str, sys_id: str, name: str, media_type: str, content: bytes) -> str:
        """Gives the sys_id of the file."""
        of = urllib.parse.urlencode({"table_name": table, "table_sys_id": sys_id, "file_name": name})
        return json.loads(self.open(f"/api/now/attachment/file?{of}", content, media_type))["result"]["sys_id"]

    def journal(self, sys_id: str, element: str) -> list[Row]:
        return self.result(
            "/api/now/table/sys_journal_field",
            sysparm_query=f"element_id={sys_id}^element={element}^ORDERBYsys_created_on",
            sysparm_fields="value,sys_created_on,sys_created_by",
        )

    def is_unique(self, table: str, correlation_id: str) -> bool:
        query = f"correlation_id={correlation_id}"
        return len(self.result(f"/api/now/table/{table}", sysparm_query=query, sysparm_fields="sys_id")) == 1


def shown(value: Any) -> str:
    """A reference comes as an object even with display values."""
    return value.get("display_value", "") if isinstance(value, dict) else str(value)
