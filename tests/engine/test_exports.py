"""Exports through HTTP: asked for, told of, downloaded with a token, deleted, and what is refused."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.contract.exports import EXPORTED_OBJECTS
from checkout_bridge.engine.services.export_objects import EXPORTED
from checkout_bridge.engine.store.export_queries import SOURCES

from .exporting import Exporter, running_exporter


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Exporter]:
    with running_exporter(f"sqlite:///{tmp_path}/engine.db", tmp_path / "files") as its:
        its.engine.post("/v1/orders", {"source_id": "o-1", "amount": 1000})
        yield its


def test_an_export_is_scheduled_then_done_with_an_address(exporter: Exporter) -> None:
    """Given an order, when an export is asked for and a worker comes by, then the file is behind the address."""
    asked = exporter.ask("order", fields=["source_id", "amount"])
    again = exporter.get(asked["id"])
    exporter.work()
    done = exporter.get(asked["id"])

    assert asked == again
    assert asked == {
        "id": asked["id"],
        "object": "export",
        "created_at": "2030-01-02T03:04:05.000Z",
        "status": "SCHEDULED",
        "channel": "API",
        "exported_object": "order",
        "parameters": {"fields": ["source_id", "amount"]},
        "result": None,
        "user_id": None,
        "progress": 0,
    }
    assert (done["status"], done["progress"]) == ("DONE", 100)
    assert done["result"]["url"].startswith(f"http://localhost/v1/exports/{asked['id']}?token=")
    assert exporter.download(done["result"]["url"]) == "source_id,amount\no-1,1000\n"


def test_the_file_is_plain_text_to_be_saved(exporter: Exporter) -> None:
    export = exporter.done("order")

    with exporter.engine.app.test_client() as client, client.get(export["result"]["url"]) as response:
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{export["id"]}.csv"'
        assert int(response.headers["Content-Length"]) == len(response.get_data())


def test_files_are_for_their_owner_only(exporter: Exporter) -> None:
    exporter.done("order")

    (file,) = exporter.folder.iterdir()
    assert stat.S_IMODE(exporter.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_orders_have_a_shortcut(exporter: Exporter) -> None:
    asked = exporter.engine.post("/v1/orders/export", {"parameters": {"fields": ["source_id"], "order": "status"}})
    without_words = exporter.engine.post("/v1/orders/export", {})

    assert asked["exported_object"] == "order"
    assert asked["parameters"] == {"fields": ["source_id"], "order": "status"}
    assert without_words["parameters"]["fields"] == ["id", "source_id", "status"]


def test_exports_are_listed(exporter: Exporter) -> None:
    first, second, third = (exporter.ask(kind)["id"] for kind in ("order", "voucher", "customer"))
    exporter.work()

    def listed(query: str) -> list[str]:
        return [export["id"] for export in exporter.engine.get(f"/v1/exports{query}")["exports"]]

    whole = exporter.engine.get("/v1/exports")
    assert (whole["object"], whole["data_ref"], whole["total"]) == ("list", "exports", 3)
    assert listed("") == listed("?order=-created_at") == [third, second, first]
    assert listed("?order=created_at&limit=2&page=2") == [third]
    assert listed("?order=status") == [first, second, third]
    assert listed("?order=-status") == [third, second, first]
    assert [bool(export["result"]) for export in whole["exports"]] == [False, False, True]
    assert exporter.engine.get("/v1/exports?order=id", status=400)["key"] == "invalid_query_params"


def test_the_engine_rings_for_a_worker(tmp_path: Path) -> None:
    rung: list[str] = []
    url = f"sqlite:///{tmp_path}/engine.db"
    with running_exporter(url, tmp_path / "files", ring=lambda: rung.append("ring")) as exporter:
        exporter.ask("order")
        exporter.engine.post("/v1/orders/export", {})
        exporter.engine.get("/v1/exports")

    assert rung == ["ring", "ring"]


def test_a_token_is_for_one_export_and_an_hour(exporter: Exporter) -> None:
    export, other = exporter.done("order"), exporter.done("voucher")
    url, token = export["result"]["url"], other["result"]["url"].partition("token=")[2]
    base = url.partition("token=")[0]
    expires, _, signature = url.partition("token=")[2].partition(".")

    for wrong in ("", "x", token, f"{int(expires) + 1}.{signature}", f"{expires}.", f"{expires}.é", f"{'9' * 400}.x"):
        exporter.download(f"{base}token={wrong}", status=401)
    exporter.engine.clock.advance(seconds=3599)
    exporter.download(url)
    exporter.engine.clock.advance(seconds=1)
    exporter.download(url, status=401)
    exporter.download(exporter.get(export["id"])["result"]["url"])


def test_a_token_of_another_engine_opens_nothing(exporter: Exporter, tmp_path: Path) -> None:
    """Given another engine that has the same export, when its token comes here, then it is not right."""
    export = exporter.done("order")
    with running_exporter(f"sqlite:///{tmp_path}/other.db", tmp_path / "others") as other:
        theirs = other.done("order")["result"]["url"].partition("token=")[2]

    exporter.download(f"/v1/exports/{export['id']}?token={theirs}", status=401)


def test_a_token_opens_nothing_but_the_file(exporter: Exporter) -> None:
    export = exporter.done("order")
    token = export["result"]["url"].partition("?")[2]
    with exporter.engine.app.test_client() as client:
        deleted = client.delete(f"/v1/exports/{export['id']}?{token}")
        listed = client.get(f"/v1/exports?{token}")
        seen = client.get(f"/v1/exports/{export['id']}")

    assert [answer.status_code for answer in (deleted, listed, seen)] == [401, 401, 401]
    exporter.download(export["result"]["url"])


def test_a_deleted_export_has_no_file(exporter: Exporter) -> None:
    export = exporter.done("order")

    exporter.engine.delete(f"/v1/exports/{export['id']}")

    assert exporter.files() == []
    exporter.download(export["result"]["url"], status=404)
    missing = exporter.engine.get(f"/v1/exports/{export['id']}", status=404)
    assert (missing["key"], missing["resource_type"]) == ("not_found", "export")
    assert exporter.engine.delete(f"/v1/exports/{export['id']}", status=404)["resource_id"] == export["id"]


def test_a_file_that_is_gone_is_not_found(exporter: Exporter) -> None:
    export = exporter.done("order")
    (exporter.folder / exporter.files()[0]).unlink()

    exporter.download(export["result"]["url"], status=404)


@pytest.mark.parametrize("kind", EXPORTED_OBJECTS)
def test_every_field_and_order_can_be_read(kind: str) -> None:
    exported, source = EXPORTED[kind], SOURCES[kind]

    assert set(exported.fields) == set(source.columns)
    assert set(exported.orders) <= set(source.orders)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("order", "colour"),
        ("order", "metadata."),
        ("order", "items.x"),
        ("voucher_transactions", "metadata"),
        ("points_expiration", "metadata.x"),
    ],
)
def test_an_unknown_field_is_refused_with_those_that_there_are(exporter: Exporter, kind: str, field: str) -> None:
    body = {"exported_object": kind, "parameters": {"fields": ["id", field]}}

    refused = exporter.engine.post("/v1/exports", body, status=400)

    assert (refused["key"], refused["message"]) == ("invalid_export_fields", "Invalid Export")
    assert f"'{field}'" in refused["details"]
    assert all(name in refused["details"] for name in EXPORTED[kind].fields)


PAID = {"conditions": {"$is": ["PAID"]}}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "should have required property 'exported_object'"),
        ({"exported_object": "shoe"}, ".exported_object"),
        ({"parameters": {"order": "amount"}}, ".parameters.order"),
        ({"parameters": {"order": "--status"}}, ".parameters.order"),
        ({"parameters": {"fields": "id"}}, ".parameters.fields"),
        ({"parameters": {"fields": ["id"] * 501}}, ".parameters.fields"),
        ({"parameters": {"filters": []}}, ".parameters.filters"),
        ({"parameters": {"filters": {"colour": PAID}}}, "'colour'"),
        ({"parameters": {"filters": {"status": {}}}}, ".parameters.filters.status.conditions"),
        ({"parameters": {"filters": {"status": {"conditions": {"$like": ["P"]}}}}}, "'$like'"),
        ({"parameters": {"filters": {"status": {"conditions": {"$before": ["2030"]}}}}}, ".parameters.filters.status"),
        ({"parameters": {"filters": {"status": PAID, "junction": "xor"}}}, ".parameters.filters.junction"),
        ({"parameters": {"filters": {"metadata.x": {"conditions": {"$in_location": ["x"]}}}}}, "$in_location"),
        ({"parameters": {"campaign_id": "camp_1"}}, ".parameters.campaign_id"),
        ({"exported_object": "voucher", "parameters": {"filters": {"redemption_status": PAID}}}, "not supported"),
        ({"exported_object": "customer", "parameters": {"filters": {"system_metadata.x": PAID}}}, "not supported"),
        ({"parameters": {"neutralise_formulas": "yes"}}, ".parameters.neutralise_formulas"),
    ],
)
def test_what_cannot_be_is_refused_by_name(exporter: Exporter, body: dict[str, Any], named: str) -> None:
    before = exporter.engine.everything()

    whole = {"exported_object": "order", **body} if body else body
    refused = exporter.engine.post("/v1/exports", whole, status=400)

    assert refused["key"] == "invalid_payload"
    assert named in refused["details"]
    assert exporter.engine.everything() == before
