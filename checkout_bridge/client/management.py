"""The client of the management paths: what counts for a whole project. It has keys of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from checkout_bridge.client.inprocess import BASE_URL, InProcessAdapter
from checkout_bridge.client.transport import DEFAULT_DEADLINE, Transport, path_of
from checkout_bridge.http import DeadlineSession

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_HEADERS = ("X-Management-Id", "X-Management-Token")


class Management:
    """The stacking rules of one project. Our engine is one project, whatever it is called; a context manager closes it.

    What the methods raise is told by ``Transport.request``.
    """

    def __init__(
        self,
        base_url: str,
        management_id: str,
        management_token: str,
        *,
        project: str = "default",
        deadline: float = DEFAULT_DEADLINE,
    ) -> None:
        """``deadline`` bounds each call, in seconds."""
        self._session = DeadlineSession()
        self._transport = Transport(
            base_url, management_id, management_token, session=self._session, deadline=deadline, key_headers=_HEADERS
        )
        self._project = project

    @classmethod
    def in_process(
        cls, wsgi_app: WSGIApplication, management_id: str, management_token: str, *, project: str = "default"
    ) -> Self:
        """A client of the WSGI app in this very process."""
        management = cls(BASE_URL, management_id, management_token, project=project)
        management._session.mount(BASE_URL, InProcessAdapter(wsgi_app))
        return management

    def list_stacking_rules(self) -> dict[str, Any]:
        """Answer ``{object, data[], total}``: one item, or none while the defaults count."""
        return self._transport.request("GET", self._path())

    def create_stacking_rules(self, rules: dict[str, Any]) -> dict[str, Any]:
        """Set the rules for the first time. Answers them in full. Raises BackendRefused when they are set already."""
        return self._transport.request("POST", self._path(), body=rules)

    def update_stacking_rules(self, rules_id: str, rules: dict[str, Any]) -> dict[str, Any]:
        """Change what is given, leave the rest. Answers them in full. Raises BackendNotFound."""
        return self._transport.request("PUT", self._path(rules_id), body=rules)

    def delete_stacking_rules(self, rules_id: str) -> None:
        """Go back to the defaults. Raises BackendNotFound."""
        self._transport.request("DELETE", self._path(rules_id))

    def _path(self, *rest: str) -> str:
        return path_of("projects", self._project, "stacking-rules", *rest, start="/management/v1")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
