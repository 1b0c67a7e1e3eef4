"""When redeemables are valid: recurring timeframes, days of the week and hours, each against a plain way to count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing.validity import fault_in_validity, is_valid_at

quick = settings(max_examples=100, deadline=None)
START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def recurring(interval: str, duration: str, start: str = "2026-01-31T12:00:00.000Z") -> dict[str, Any]:
    return {"start_date": start, "validity_timeframe": {"interval": interval, "duration": duration}}


def daily(*windows: tuple[str, str, list[int] | None]) -> dict[str, Any]:
    names = ("start_time", "expiration_time", "days_of_week")
    return {"validity_hours": {"daily": [dict(zip(names, window, strict=True)) for window in windows]}}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"validity_timeframe": None, "validity_day_of_week": None, "validity_hours": None},
        {"validity_timeframe": {}, "validity_day_of_week": [], "validity_hours": {}},
        {"validity_hours": {"daily": None}},
        {"validity_timeframe": {"interval": "P2D", "duration": "PT1H"}},
    ],
)
def test_what_is_not_limited_is_always_valid(facts: dict[str, Any]) -> None:
    assert is_valid_at(facts, START)


@pytest.mark.parametrize(
    ("interval", "duration", "valid", "invalid"),
    [
        (
            "P2D",
            "PT1H",
            ["2026-01-31T12:00", "2026-01-31T12:59", "2026-02-02T12:00"],
            ["2026-01-31T13:00", "2026-02-01T12:30"],
        ),
        ("PT90M", "PT30M", ["2026-01-31T13:30", "2026-01-31T15:29"], ["2026-01-31T12:30", "2026-01-31T13:29"]),
        ("P1W", "P1D", ["2026-02-07T12:00", "2026-02-08T11:59"], ["2026-02-08T12:00", "2026-02-07T11:59"]),
        ("P1D", "P3D", ["2026-01-31T12:00", "2027-05-05T05:05"], ["2026-01-31T11:59"]),
        (
            "P1M",
            "P1D",
            ["2026-02-28T12:00", "2026-03-31T12:00", "2026-04-30T12:00"],
            ["2026-03-28T12:00", "2026-03-30T12:00"],
        ),
        ("P1Y", "P1M", ["2027-01-31T12:00", "2027-02-28T11:59"], ["2027-02-28T12:00", "2027-01-31T11:59"]),
        ("P1M1D", "PT1H", ["2026-03-01T12:00", "2026-04-02T12:30"], ["2026-02-28T12:00", "2026-03-31T12:00"]),
        ("P900Y", "P1D", ["2026-02-01T11:59"], ["2026-02-01T12:00"]),
    ],
)
def test_every_interval_from_the_start_on_opens_a_window(
    interval: str, duration: str, valid: list[str], invalid: list[str]
) -> None:
    facts = recurring(interval, duration)

    assert fault_in_validity(facts) is None
    assert [moment for moment in [*valid, *invalid] if is_valid_at(facts, at(moment))] == valid
    assert not is_valid_at(facts, START - timedelta(microseconds=1))


def test_without_a_start_the_windows_open_from_the_creation_on() -> None:
    created = {"created_at": "2026-01-31T10:00:00.000Z", "validity_timeframe": {"interval": "P1D", "duration": "PT1H"}}

    assert is_valid_at(created, at("2026-02-03T10:30"))
    assert not is_valid_at(created, at("2026-02-03T11:00"))
    assert is_valid_at({**created, "start_date": "2026-01-31T11:00:00.000Z"}, at("2026-02-03T11:00"))


@quick
@given(
    months=st.integers(0, 5),
    days=st.integers(0, 40),
    length=st.integers(1, 80),
    hours=st.integers(0, 24 * 365 * 3),
    first=st.datetimes(datetime(2019, 1, 1), datetime(2021, 1, 1)),
)
def test_windows_are_those_found_by_walking(months: int, days: int, length: int, hours: int, first: datetime) -> None:
    days += not months
    first, moment = first.replace(tzinfo=UTC), first.replace(tzinfo=UTC) + timedelta(hours=hours)
    facts = recurring(f"P{months}M{days}D", f"P{length}D", first.isoformat())

    walked = (opening(first, months * count, days * count) for count in range(24 * 365))
    opened = max(start for start in not_after(moment, walked))

    assert is_valid_at(facts, moment) == (moment < opened + timedelta(days=length))


def opening(first: datetime, months: int, days: int) -> datetime:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    next_month = datetime(year + month // 11, (month + 1) % 12 + 1, 1)
    last_day = (next_month - timedelta(days=1)).day
    return first.replace(year=year, month=month + 1, day=min(first.day, last_day)) + timedelta(days=days)


def not_after(moment: datetime, starts: Any) -> list[datetime]:
    found = []
    for start in starts:
        if start > moment:
            break
        found.append(start)
    return found


def test_a_minute_twenty_years_on_is_found_without_walking_there() -> None:
    minutes = recurring("PT1M", "PT1S", "2006-01-01T00:00:00.000Z")
    instants = recurring("PT0.000002S", "PT0.000001S", "0001-01-01T00:00:00.000Z")
    months = recurring("P1MT0.000001S", "P1D", "0001-01-01T00:00:00.000Z")

    assert is_valid_at(minutes, at("2026-01-01T10:10:00.5"))
    assert not is_valid_at(minutes, at("2026-01-01T10:10:01"))
    assert is_valid_at(instants, at("2026-01-01T10:10:00"))
    assert not is_valid_at(instants, at("2026-01-01T10:10:00.000001"))
    assert is_valid_at(months, at("2026-01-01T10:10:00"))
    assert not is_valid_at(months, at("2026-01-03T10:10:00"))


def test_days_of_the_week_count_from_sunday() -> None:
    week = [at("2026-06-07") + timedelta(days=day) for day in range(7)]

    for day in range(7):
        assert [moment for moment in week if is_valid_at({"validity_day_of_week": [day]}, moment)] == [week[day]]
    assert is_valid_at({"validity_day_of_week": [3.0, 5]}, at("2026-06-10T23:59:59"))


@pytest.mark.parametrize(
    ("facts", "valid", "invalid"),
    [
        (
            daily(("09:00", "17:30", None)),
            ["2026-06-10T09:00", "2026-06-10T17:29:59"],
            ["2026-06-10T08:59:59", "2026-06-10T17:30"],
        ),
        (
            daily(("09:00", "12:00", [3]), ("13:00:30", "18:00", [3, 4])),
            ["2026-06-10T09:00", "2026-06-10T13:00:30", "2026-06-11T13:30"],
            ["2026-06-10T12:30", "2026-06-10T13:00:29", "2026-06-11T09:00", "2026-06-12T14:00"],
        ),
        (
            daily(("22:00", "02:00", [3])),
            ["2026-06-10T22:00", "2026-06-10T23:59:59", "2026-06-11T00:00", "2026-06-11T01:59"],
            ["2026-06-10T01:00", "2026-06-10T21:59", "2026-06-11T02:00", "2026-06-11T22:00"],
        ),
        (
            daily(("22:00", "02:00", [6])),
            ["2026-06-13T23:00", "2026-06-14T01:00"],
            ["2026-06-13T01:00", "2026-06-14T23:00"],
        ),
        (
            daily(("06:00", "06:00", [3])),
            ["2026-06-10T06:00", "2026-06-11T05:59"],
            ["2026-06-10T05:59", "2026-06-11T06:00"],
        ),
        ({"validity_hours": {"daily": [{"start_time": "20:00"}]}}, ["2026-06-10T23:59"], ["2026-06-10T00:00"]),
        ({"validity_hours": {"daily": [{"expiration_time": "08:00"}]}}, ["2026-06-10T00:00"], ["2026-06-10T08:00"]),
        (
            {"validity_hours": {"daily": [{"days_of_week": [3]}]}},
            ["2026-06-10T00:00", "2026-06-10T23:59"],
            ["2026-06-11"],
        ),
    ],
)
def test_hours_are_valid_within_any_window_and_belong_to_the_day_they_begin_on(
    facts: dict[str, Any], valid: list[str], invalid: list[str]
) -> None:
    assert fault_in_validity(facts) is None
    assert [moment for moment in [*valid, *invalid] if is_valid_at(facts, at(moment))] == valid


def test_days_and_hours_are_those_of_the_time_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    wednesday_in_tokyo = at("2026-06-09T23:30")

    assert is_valid_at({"validity_day_of_week": [3]}, wednesday_in_tokyo, tokyo)
    assert not is_valid_at({"validity_day_of_week": [3]}, wednesday_in_tokyo)
    assert is_valid_at(daily(("08:00", "09:00", [3])), wednesday_in_tokyo, tokyo)
    assert not is_valid_at(daily(("08:00", "09:00", [3])), wednesday_in_tokyo)
    assert is_valid_at(daily(("23:00", "00:00", [2])), wednesday_in_tokyo.astimezone(tokyo))


@pytest.mark.parametrize("missed", ["2026-06-09T10:30", "2026-06-11T10:30", "2026-06-10T12:00"])
def test_all_limits_must_allow_it(missed: str) -> None:
    facts = {
        **recurring("P2D", "P1D", "2026-06-10T00:00:00.000Z"),
        "validity_day_of_week": [3, 4],
        **daily(("10:00", "11:00", None)),
    }

    assert is_valid_at(facts, at("2026-06-10T10:30"))
    assert not is_valid_at(facts, at(missed))


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"validity_timeframe": "P1D"}, "Property .validity_timeframe must be object"),
        ({"validity_day_of_week": 3}, "Property .validity_day_of_week must have numbers from 0 to 6"),
        ({"validity_day_of_week": [0, 7]}, "Property .validity_day_of_week must have numbers from 0 to 6"),
        ({"validity_day_of_week": [True]}, "Property .validity_day_of_week must have numbers from 0 to 6"),
        ({"validity_day_of_week": [1.5]}, "Property .validity_day_of_week must have numbers from 0 to 6"),
        ({"validity_hours": []}, "Property .validity_hours must be object with array 'daily'"),
        ({"validity_hours": {"daily": {}}}, "Property .validity_hours must be object with array 'daily'"),
        ({"validity_hours": {"daily": ["9"]}}, "Property .validity_hours.daily[0] must be object"),
        (daily(("9:00", "10:00", None)), "Property .validity_hours.daily[0].start_time must be as HH:MM"),
        (
            daily(("09:00", "10:00", None), ("09:00", "24:00", None)),
            "Property .validity_hours.daily[1].expiration_time must be as HH:MM",
        ),
        (
            daily(("09:00", "10:00", [7])),
            "Property .validity_hours.daily[0].days_of_week must have numbers from 0 to 6",
        ),
    ],
)
def test_facts_that_mean_nothing_are_told(facts: dict[str, Any], fault: str) -> None:
    assert fault_in_validity(facts) == fault


@pytest.mark.parametrize(
    "text", [None, 5, "", "P", "1D", "day", "P0D", "PT0S", "-P1D", "P1.5M", "P0.5Y", "P1000Y", "P9999999999999999D"]
)
def test_what_is_no_length_of_time_is_told(text: Any) -> None:
    assert fault_in_validity(recurring(text, "PT1H")) == (
        "Property .validity_timeframe.interval must be a valid ISO 8601 duration"
    )
    assert fault_in_validity(recurring("P1D", text)) == (
        "Property .validity_timeframe.duration must be a valid ISO 8601 duration"
    )


@quick
@given(
    interval=st.text(alphabet="P-T+0123456789.,YMWDHS:", max_size=12).map("P".__add__),
    moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_any_text_is_either_an_interval_or_refused(interval: str, moment: datetime) -> None:
    facts = recurring(interval, "P1Y")

    if fault_in_validity(facts) is None:
        assert is_valid_at(facts, moment) in (True, False)
    else:
        with pytest.raises(ValueError, match="is no duration"):
            is_valid_at(facts, datetime(2026, 2, 1, tzinfo=UTC))
