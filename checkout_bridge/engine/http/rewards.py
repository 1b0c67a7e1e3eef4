"""Operations on rewards and on their assignments to loyalty campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract import rewards as contract
from checkout_bridge.contract.errors import load
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.paging import page_of
from checkout_bridge.engine.services import resources, rewards
from checkout_bridge.engine.services.resources import REWARD, REWARD_ASSIGNMENT
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import resources as store
from checkout_bridge.errors import InvalidInput

Body = Mapping[str, Any]
Query = Mapping[str, str]


def _create(unit: Unit, body: Body) -> dict[str, Any]:
    return rewards.answer(rewards.create(unit, body))


def _get(unit: Unit, reward_id: str) -> dict[str, Any]:
    return rewards.answer(resources.get(unit, REWARD, reward_id))


def _update(unit: Unit, reward_id: str, body: Body) -> dict[str, Any]:
    return rewards.answer(rewards.update(unit, reward_id, body))


def _delete(unit: Unit, reward_id: str) -> None:
    resources.delete(unit, REWARD, reward_id)


def _list(unit: Unit, query: Query) -> dict[str, Any]:
    limit, page = page_of(query)
    reward_id = None
    if "assignment_id" in query:
        assignment = resources.find(unit, REWARD_ASSIGNMENT, query["assignment_id"])
        # Without such an assignment there is no reward to it: no id is empty.
        reward_id = assignment["parent_id"] if assignment else ""
    rows, total = store.page(unit.connection, REWARD, limit=limit, page=page, id=reward_id)
    return resources.listed(rows, total, rewards.answer)


def _assign(unit: Unit, reward_id: str, body: Body) -> dict[str, Any]:
    campaign = rewards.loyalty_campaign(unit, body["campaign"])
    return rewards.answer_assignment(rewards.assign(unit, reward_id, campaign, _parameters(body)))


def _get_assignment(unit: Unit, reward_id: str, assignment_id: str) -> dict[str, Any]:
    return rewards.answer_assignment(rewards.assignment_of(unit, assignment_id, reward_id=reward_id))


def _update_assignment(unit: Unit, reward_id: str, assignment_id: str, body: Body) -> dict[str, Any]:
    row = rewards.assignment_of(unit, assignment_id, reward_id=reward_id)
    return rewards.answer_assignment(rewards.reassign(unit, row, body))


def _delete_assignment(unit: Unit, reward_id: str, assignment_id: str) -> None:
    rewards.unassign(unit, rewards.assignment_of(unit, assignment_id, reward_id=reward_id))


def _list_assignments(unit: Unit, reward_id: str, query: Query) -> dict[str, Any]:
    return _page_of_assignments(unit, query, parent_id=resources.get(unit, REWARD, reward_id)["id"])


def _refuse_none(payload: Any) -> None:
    if not isinstance(payload, list) or not payload:
        raise InvalidInput("Payload must be array with at least one item")


def _assign_to_campaign(unit: Unit, campaign_id: str, body: Sequence[Any]) -> list[dict[str, Any]]:
    """Several at once."""
    told = [load(_IN_CAMPAIGN, one) for one in body]
    campaign = rewards.loyalty_campaign(unit, campaign_id)
    rows = [rewards.assign(unit, one["reward"], campaign, _parameters(one)) for one in told]
    return [rewards.answer_assignment(row) for row in rows]


def _get_of_campaign(unit: Unit, campaign_id: str, assignment_id: str) -> dict[str, Any]:
    return rewards.answer_assignment(_of_campaign(unit, campaign_id, assignment_id))


def _update_of_campaign(unit: Unit, campaign_id: str, assignment_id: str, body: Body) -> dict[str, Any]:
    row = _of_campaign(unit, campaign_id, assignment_id)
    return rewards.answer_assignment(rewards.reassign(unit, row, body))


def _delete_of_campaign(unit: Unit, campaign_id: str, assignment_id: str) -> None:
    rewards.unassign(unit, _of_campaign(unit, campaign_id, assignment_id))


def _list_of_campaign(unit: Unit, campaign_id: str, query: Query) -> dict[str, Any]:
    campaign = rewards.loyalty_campaign(unit, campaign_id)
    assignment_id = query.get("assignment_id", query.get("assignmentId"))
    return _page_of_assignments(unit, query, id=assignment_id, campaign_id=campaign["id"])


def _reward_of_assignment(unit: Unit, campaign_id: str, assignment_id: str) -> dict[str, Any]:
    row = _of_campaign(unit, campaign_id, assignment_id)
    return rewards.answer(resources.get(unit, REWARD, row["parent_id"]))


def _of_campaign(unit: Unit, campaign_id: str, assignment_id: str) -> dict[str, Any]:
    return rewards.assignment_of(unit, assignment_id, campaign=rewards.loyalty_campaign(unit, campaign_id))


def _page_of_assignments(unit: Unit, query: Query, **which: Any) -> dict[str, Any]:
    limit, page = page_of(query)
    rows, total = store.page(unit.connection, REWARD_ASSIGNMENT, limit=limit, page=page, **which)
    return resources.listed(rows, total, rewards.answer_assignment)


def _parameters(body: Body) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("reward", "campaign")}


_IN_CAMPAIGN, _ASSIGNMENT = contract.CampaignAssignmentRequest(), contract.RewardAssignmentUpdate()
_REWARD_ID = "/v1/rewards/{reward_id}"
_ASSIGNED = f"{_REWARD_ID}/assignments"
_ASSIGNED_ID = f"{_ASSIGNED}/{{assignment_id}}"
_CAMPAIGN = "/v1/loyalties/{campaign_id}"
_CAMPAIGN_ID = f"{_CAMPAIGN}/rewards/{{assignment_id}}"
_Reward, _Assignment, _Assignments = (
    contract.RewardAnswer,
    contract.RewardAssignmentAnswer,
    contract.RewardAssignmentList,
)

OPERATIONS = (
    Operation("POST", "/v1/rewards", _create, "Create a reward", contract.RewardRequest(), _Reward),
    Operation("GET", "/v1/rewards", _list, "List rewards", answer=contract.RewardList, query=True),
    Operation("GET", _REWARD_ID, _get, "Get a reward", answer=_Reward),
    Operation("PUT", _REWARD_ID, _update, "Update a reward", contract.RewardUpdate(), _Reward),
    Operation("DELETE", _REWARD_ID, _delete, "Delete a reward with its assignments", status=204),
    Operation(
        "POST",
        _ASSIGNED,
        _assign,
        "Assign a reward to a loyalty campaign",
        contract.RewardAssignmentRequest(),
        _Assignment,
    ),
    Operation("GET", _ASSIGNED, _list_assignments, "List a reward's assignments", answer=_Assignments, query=True),
    Operation("GET", _ASSIGNED_ID, _get_assignment, "Get a reward's assignment", answer=_Assignment),
    Operation("PUT", _ASSIGNED_ID, _update_assignment, "Update a reward's assignment", _ASSIGNMENT, _Assignment),
    Operation("DELETE", _ASSIGNED_ID, _delete_assignment, "Take a reward's assignment away", status=204),
    Operation(
        "POST",
        f"{_CAMPAIGN}/rewards",
        _assign_to_campaign,
        "Assign rewards, an array of them, to a loyalty campaign",
        contract.CampaignAssignmentRequest(many=True),
        checks=_refuse_none,
    ),
    Operation(
        "GET",
        f"{_CAMPAIGN}/rewards",
        _list_of_campaign,
        "List the reward assignments of a loyalty campaign",
        answer=_Assignments,
        query=True,
    ),
    Operation("GET", _CAMPAIGN_ID, _get_of_campaign, "Get a campaign's reward assignment", answer=_Assignment),
    Operation(
        "PUT",
        _CAMPAIGN_ID,
        _update_of_campaign,
        "Update a campaign's reward assignment",
        _ASSIGNMENT,
        _Assignment,
    ),
    Operation("DELETE", _CAMPAIGN_ID, _delete_of_campaign, "Take a campaign's reward assignment away", status=204),
    Operation(
        "GET",
        f"{_CAMPAIGN}/reward-assignments",
        _list_of_campaign,
        "List what rewards a loyalty campaign has",
        answer=_Assignments,
        query=True,
    ),
    Operation(
        "GET",
        f"{_CAMPAIGN}/reward-assignments/{{assignment_id}}",
        _get_of_campaign,
        "Get what a loyalty campaign has of a reward",
        answer=_Assignment,
    ),
    Operation(
        "GET",
        f"{_CAMPAIGN}/reward-assignments/{{assignment_id}}/reward",
        _reward_of_assignment,
        "Get the reward of an assignment",
        answer=_Reward,
    ),
)
