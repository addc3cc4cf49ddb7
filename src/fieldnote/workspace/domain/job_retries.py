"""When a failed job comes again: for ever, as its cause may be a database that is away for a night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from fieldnote.workspace.tenancy import OrganizationDisabled

_LONGEST: Final = timedelta(minutes=10)


class RetryForever(BaseRetryStrategy):
    """At once, then after 1, 2, 4, … seconds, at last every ten minutes. It never gives up.

    What can fail for good (a transcript that cannot be worked on, a webhook that nobody takes) is stored as such
    by the job itself, and is no failure of the job. The jobs of a disabled organization wait.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        if isinstance(exception, OrganizationDisabled):
            return RetryDecision(retry_at=datetime.now(UTC) + _LONGEST)
        pause = min(timedelta(seconds=2 ** min(job.attempts, 10) - 1), _LONGEST)
        return RetryDecision(retry_at=datetime.now(UTC) + pause)
