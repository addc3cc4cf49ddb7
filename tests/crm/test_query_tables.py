"""The text of a query: tables whose changes a cursor cannot see, and columns that rows are looked up by."""

from __future__ import annotations

import pytest

from fieldnote.crm.query_tables import looked_up, tables_of, unseen_tables
from fieldnote.crm.types import Source

DESIGN = """
select a.id, r.email, c.name as customer_name, d.id as deal_id,
       greatest(a.updated_at, r.updated_at, c.updated_at) as updated_at
  from appointments a join reps r on r.id = a.rep_id join customers c on c.id = a.customer_id
  left join deals d on d.id = a.deal_id
"""


def _source(query: str, cursor: str | None = "updated_at") -> Source:
    return Source("push.engagements", key="id", query=query, cursor=cursor)


@pytest.mark.parametrize(
    ("query", "unseen"),
    [
        (DESIGN, ("deals as d",)),
        ("select id, updated_at from deals -- all of them;", ()),
        ("select a.*, r.name from appointments a join reps r on r.id = a.rep_id;", ("reps as r",)),
        ("select a.id, A.updated_at from appointments A join reps on reps.id = a.rep_id", ("reps",)),
        ("select a.id, now() as updated_at from appointments a", ("appointments as a",)),
        # one table joined twice is two tables
        (
            "select a.id, greatest(a.u, r.u) as updated_at from a join reps r on r.id = a.r join reps s on s.id = a.s",
            ("reps as s",),
        ),
        # of a coalesce the second is looked at only where the first is null
        ("select a.id, coalesce(a.u, r.u) updated_at from a join reps r on r.id = a.rep", ("reps as r",)),
        ("select a.id, greatest(a.u, coalesce(r.u, '1970-01-01')) updated_at from a left join r on r.id = a.r", ()),
        ("select a.id, case when a.u > r.u then a.u else r.u end updated_at from a join r on r.id = a.r", ()),
        # through subqueries, `with` and unions
        (
            """with u as (select rep, max(updated_at) as m from visits group by rep)
            select a.id, greatest(a.updated_at, u.m) updated_at from a join u on u.rep = a.rep""",
            (),
        ),
        (
            """select a.id, greatest(a.u, (select max(v.u) from visits v where v.a = a.id)) updated_at,
            (select json_agg(x.name) from extras x where x.a = a.id) as extras from a""",
            ("extras as x",),
        ),
        ("select id, updated_at from a where exists (select 1 from blocked b where b.a = a.id)", ("blocked as b",)),
        # the same rows in another subquery, or fewer of them
        (
            """select a.id, greatest(a.u, (select max(x.u) from links x where x.a = a.id)) updated_at,
            (select x.b from links x where x.a = a.id and x.gone = 0 limit 1) as b from a""",
            (),
        ),
        (
            """select a.id, greatest(a.u, (select max(x.u) from links x where x.a = a.id and x.gone = 0)) updated_at,
            (select x.b from links x where x.a = a.id limit 1) as b from a""",
            ("links as x",),
        ),
        (
            """select a.id, greatest(a.u, (select max(x.u) from links x where x.a = a.id)) updated_at,
            (select x.b from links x where x.a = a.parent) as b from a""",
            ("links as x",),
        ),
        ("select a.id, s.updated_at from a join (select * from reps) s on s.id = a.rep", ("a",)),
        ("select id, updated_at from a union all select b.id, b.updated_at from b join c on c.id = b.c", ("c",)),
        (
            """select a.id, greatest(a.u, v.u) updated_at from a
            left join lateral (select max(x.u) as u from visits x where x.a = a.id) v on true""",
            (),
        ),
        # what the text does not tell
        ("select a.id, a.updated_at from a, a", None),
        ("select * from appointments a join reps r on r.id = a.rep_id", None),
        ("select a.id, updated_at from a join b on b.id = a.b", None),
        ("selec id frm a", None),
        ("select a.id from a", None),
        ("delete from a", None),
    ],
)
def test_the_tables_that_a_cursor_cannot_see_are_named(query: str, unseen: tuple[str, ...] | None) -> None:
    assert unseen_tables(_source(query)) == unseen


@pytest.mark.parametrize(
    ("backend", "query"),
    [
        ("sqlite", 'select v.id, max(v.u, r.u) updated_at from visits v join "Sales People" r on r.id = v.advisor'),
        (
            "mysql",
            "select v.id, greatest(v.u, r.u) updated_at from `visits` v # all\n join `my reps` r on r.id = v.rep",
        ),
        ("mssql", "select top 5 v.id, case when v.u > r.u then v.u else r.u end updated_at from [v] v, [my reps] r"),
    ],
)
def test_every_dialect_is_read(backend: str, query: str) -> None:
    assert unseen_tables(_source(query), backend) == ()


def test_without_a_query_or_a_cursor_there_is_nothing_to_see() -> None:
    assert unseen_tables(Source("push.x", key="id", table="deals", cursor="updated_at")) == ()
    assert unseen_tables(_source(DESIGN, cursor=None)) == ()


def test_key_cursor_and_joins_are_what_rows_are_looked_up_by() -> None:
    assert looked_up(Source("push.x", key="id", table="crm.deals", cursor="at")) == {("deals", "id"), ("deals", "at")}
    assert looked_up(_source(DESIGN)) == {
        ("appointments", "id"), ("appointments", "rep_id"), ("appointments", "customer_id"),
        ("appointments", "deal_id"), ("reps", "id"), ("customers", "id"), ("deals", "id"),
    }  # fmt: skip
    query = "select d.*, v.rep from deals d join (select deal, rep from visits) v using (id) where v.deal = d.id"
    assert looked_up(_source(query)) == {("deals", "id"), ("deals", "updated_at"), ("visits", "deal")}
    assert looked_up(_source("nonsense")) == frozenset()


def test_the_tables_of_a_source() -> None:
    assert tables_of(_source(DESIGN)) == frozenset({"appointments", "reps", "customers", "deals"})
    query = "with d as (select id from deals) select d.id, g.n from d, generate_series(1, 3) as g(n)"
    assert tables_of(_source(query)) == frozenset({"deals"})
    assert tables_of(Source("push.x", key="id", table='"My Deals"')) == frozenset({"My Deals"})
    assert tables_of(_source("nonsense")) is None
