"""ServiceTitan's stand-in: the left side of ST1 to ST14."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2

from fieldnote.sandbox import Fault, FaultKind
from fieldnote.sandbox.servicetitan import APP_KEY, CLIENT, SECRET, TENANT, ServiceTitanStandIn
from tests.sandbox.conftest import client_of
from tests.waiting import HANGS

JPM, CRM, DISPATCH, SALES = (f"/{part}/v2/tenant/{TENANT}" for part in ("jpm", "crm", "dispatch", "sales"))
T0 = "2020-01-01T00:00:00Z"


def _data(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def test_a_token_ends_after_900_seconds_and_both_headers_are_needed(servicetitan: ServiceTitanStandIn) -> None:
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    with httpx2.Client(base_url=servicetitan.url, timeout=HANGS) as client:
        token = client.post("/connect/token", data=form).json()
        assert token["expires_in"] == 900
        client.headers.update({"Authorization": f"Bearer {token['access_token']}"})
        assert client.get(f"{JPM}/jobs").status_code == 401
        client.headers["ST-App-Key"] = APP_KEY
        assert client.get(f"{JPM}/jobs").status_code == 200
        servicetitan.clock.advance(900)
        assert client.get(f"{JPM}/jobs").status_code == 401
        assert client.post("/connect/token", data={**form, "client_secret": "wrong"}).status_code == 400


def test_the_61st_call_of_a_second_is_too_many(servicetitan: ServiceTitanStandIn) -> None:
    """That the limit is 60 and that the answer has Retry-After is second-hand."""
    servicetitan.clock.freeze()
    with client_of(servicetitan) as client:
        statuses = [client.get(f"{JPM}/job-types").status_code for _ in range(61)]
        assert statuses == [200] * 60 + [429]
        answer = client.get(f"{JPM}/job-types")
        assert int(answer.headers["Retry-After"]) >= 1
        servicetitan.clock.advance(1)
        assert client.get(f"{JPM}/job-types").status_code == 200


def test_300_appointments_of_one_time_are_six_pages(servicetitan: ServiceTitanStandIn) -> None:
    moment = servicetitan.clock.now() + timedelta(days=1)
    for number in range(300):
        servicetitan.add("appointments", {"jobId": 200, "customerId": 100}, key=9000 + number, modified=moment)
    params: dict[str, Any] = {"modifiedOnOrAfter": moment.isoformat(), "sort": "+ModifiedOn", "pageSize": 50}
    with client_of(servicetitan) as client:
        pages = [client.get(f"{JPM}/appointments", params={**params, "page": page}).json() for page in range(1, 7)]
        ids = [one["id"] for page in pages for one in page["data"]]
        assert sorted(ids) == list(range(9000, 9300))
        assert [page["hasMore"] for page in pages] == [True] * 5 + [False]
        assert client.get(f"{JPM}/appointments", params={**params, "page": 7}).json()["data"] == []
        assert pages[0]["totalCount"] is None


def test_a_deleted_appointment_is_only_seen_with_any(servicetitan: ServiceTitanStandIn) -> None:
    with client_of(servicetitan) as client:
        assert client.delete(f"{JPM}/appointments/300").status_code == 200
        assert 300 not in [one["id"] for one in _data(client.get(f"{JPM}/appointments"))]
        there = {one["id"]: one for one in _data(client.get(f"{JPM}/appointments", params={"active": "Any"}))}
        assert there[300]["active"] is False


def test_a_cancelled_job_cancels_its_appointments_and_can_come_back(servicetitan: ServiceTitanStandIn) -> None:
    """That the appointments' modified time moves is second-hand."""
    with client_of(servicetitan) as client:
        before = client.get(f"{JPM}/appointments/300").json()
        servicetitan.clock.advance(1)
        assert client.put(f"{JPM}/jobs/200/cancel", json={"reasonId": 1, "memo": "ill"}).status_code == 200
        after = client.get(f"{JPM}/appointments/300").json()
        assert (client.get(f"{JPM}/jobs/200").json()["jobStatus"], after["status"]) == ("Canceled", "Canceled")
        assert after["modifiedOn"] > before["modifiedOn"]
        assert client.put(f"{JPM}/jobs/200/remove-cancellation").status_code == 200
        assert client.get(f"{JPM}/appointments/300").json()["status"] == "Scheduled"


def test_a_rescheduled_appointment_keeps_its_id(servicetitan: ServiceTitanStandIn) -> None:
    times = {"start": "2026-05-01T15:00:00Z", "end": "2026-05-01T16:00:00Z"}
    with client_of(servicetitan) as client:
        moved = client.patch(f"{JPM}/appointments/300/reschedule", json=times).json()
    assert (moved["id"], moved["start"], moved["end"]) == (300, "2026-05-01T15:00:00.000Z", "2026-05-01T16:00:00.000Z")


def test_a_technician_taken_off_leaves_an_inactive_assignment(servicetitan: ServiceTitanStandIn) -> None:
    """That the appointment's own time stays is our assumption."""
    with client_of(servicetitan) as client:
        before = client.get(f"{JPM}/appointments/300").json()["modifiedOn"]
        path = f"{DISPATCH}/appointment-assignments"
        for verb, technician in (("unassign", 1), ("assign", 2)):
            body = {"jobAppointmentId": 300, "technicianIds": [technician]}
            assert client.post(f"{path}/{verb}-technicians", json=body).status_code == 200
        rows = _data(client.get(path, params={"appointmentIds": "300", "active": "Any"}))
        assert {(one["technicianId"], one["active"]) for one in rows} == {(1, False), (2, True)}
        exported = _data(client.get(f"{DISPATCH}/export/appointment-assignments"))
        assert [one["technicianId"] for one in exported if one["appointmentId"] == 300] == [2]
        assert client.get(f"{JPM}/appointments/300").json()["modifiedOn"] == before
        too_many = ",".join(map(str, range(51)))
        assert client.get(path, params={"appointmentIds": too_many}).status_code == 400


def test_an_older_server_passes_over_the_filter_by_time(servicetitan: ServiceTitanStandIn) -> None:
    servicetitan.older = True
    with client_of(servicetitan) as client:
        rows = _data(client.get(f"{DISPATCH}/appointment-assignments", params={"modifiedOnOrAfter": "2999-01-01"}))
    assert len(rows) == 5
    assert not {"active", "modifiedOn", "createdOn"} & set(rows[0])


def test_a_merged_customer_names_the_other(servicetitan: ServiceTitanStandIn) -> None:
    """The state after a merge is our assumption."""
    servicetitan.merge_customers(100, 101)
    with client_of(servicetitan) as client:
        loser = client.get(f"{CRM}/customers/100").json()
        assert (loser["mergedToId"], loser["active"]) == (101, False)
        assert client.get(f"{JPM}/jobs/200").json()["customerId"] == 101


def test_custom_fields_are_replaced_as_a_whole(servicetitan: ServiceTitanStandIn) -> None:
    def write(client: httpx2.Client, *fields: dict[str, Any]) -> httpx2.Response:
        return client.patch(f"{JPM}/jobs/200", json={"customFields": list(fields)})

    with client_of(servicetitan) as client:
        write(client, {"typeId": 301, "value": "45000"}, {"typeId": 302, "value": "spring"})
        job = write(client, {"typeId": 302, "value": "summer"}).json()
        assert job["customFields"] == [{"typeId": 302, "name": "Timeline", "value": "summer"}]
        for bad in ({"typeId": 301, "value": "much"}, {"typeId": 304, "value": "Moon"}, {"typeId": 1, "value": "x"}):
            assert write(client, bad).status_code == 400
        assert client.get(f"{JPM}/jobs/200").json()["customFields"] == job["customFields"]


def test_a_jobs_note_has_no_id_and_is_stored_though_the_answer_is_lost(servicetitan: ServiceTitanStandIn) -> None:
    servicetitan.faults.arm(Fault(FaultKind.LOST, "POST", "notes"))
    with client_of(servicetitan) as client:
        assert client.post(f"{JPM}/jobs/200/notes", json={"text": "hello [mark]"}).status_code == 500
        notes = _data(client.get(f"{JPM}/jobs/200/notes"))
        assert [one["text"] for one in notes] == ["hello [mark]"]
        assert "id" not in notes[0]
        assert [one["jobId"] for one in _data(client.get(f"{JPM}/export/job-notes"))] == [200]


def test_an_export_goes_on_from_its_token_and_gives_what_came_since(servicetitan: ServiceTitanStandIn) -> None:
    servicetitan.export_rows = 3
    with client_of(servicetitan) as client:
        first = client.get(f"{JPM}/export/appointments", params={"from": T0}).json()
        second = client.get(f"{JPM}/export/appointments", params={"from": first["continueFrom"]}).json()
        assert (first["hasMore"], second["hasMore"]) == (True, False)
        assert len(first["data"]) + len(second["data"]) == 4
        client.delete(f"{JPM}/appointments/301")
        third = client.get(f"{JPM}/export/appointments", params={"from": second["continueFrom"]}).json()
        assert [(one["id"], one["active"]) for one in third["data"]] == [(301, False)]
        assert client.get(f"{JPM}/export/appointments", params={"from": "no token"}).status_code == 400


def test_lists_refuse_what_they_cannot_read(servicetitan: ServiceTitanStandIn) -> None:
    bad = [
        {"page": "0"}, {"pageSize": "6000"}, {"active": "maybe"}, {"sort": "+Name"}, {"modifiedOnOrAfter": "soon"},
        {"ids": "a"}, {"unheard": "of"},
    ]  # fmt: skip
    with client_of(servicetitan) as client:
        assert [client.get(f"{JPM}/appointments", params=one).status_code for one in bad] == [400] * len(bad)
        assert client.get(f"{CRM}/customers/contacts").status_code == 400
        assert len(_data(client.get(f"{CRM}/customers/contacts", params={"modifiedOnOrAfter": T0}))) == 6


def test_an_estimate_is_sold_unsold_and_dismissed(servicetitan: ServiceTitanStandIn) -> None:
    with client_of(servicetitan) as client:
        one = _data(client.get(f"{SALES}/estimates", params={"status": "Open"}))[0]
        sold = client.put(f"{SALES}/estimates/{one['id']}/sell", json={"soldBy": 1}).json()
        assert (sold["status"]["name"], sold["soldBy"]) == ("Sold", 1)
        client.put(f"{SALES}/estimates/{one['id']}/dismiss")
        assert client.get(f"{SALES}/estimates/{one['id']}").json()["status"]["name"] == "Dismissed"
