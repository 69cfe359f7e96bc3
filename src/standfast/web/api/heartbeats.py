"""Jobs tell that they began, ended or failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from standfast.engine.sign_in import Caller
from standfast.monitoring.heartbeat import Told
from standfast.web.api.encode import answer
from standfast.web.caller import Needs, PlatformNow

routes = APIRouter()
_Job = Annotated[Caller, Depends(Needs("metrics"))]
_LONGEST = 366 * 86_400  # seconds


class Tidings(BaseModel):
    """Nothing said at all is a run that ended well."""

    state: Told | None = None
    exit_status: int | None = Field(default=None, ge=-255, le=255)
    seconds: float | None = Field(default=None, ge=0, le=_LONGEST)
    because: str = Field(default="", max_length=2000)

    @property
    def told(self) -> Told:
        return self.state or (Told.FAIL if self.exit_status else Told.FINISH)

    @property
    def why(self) -> str:
        if self.told is not Told.FAIL or self.exit_status is None:
            return self.because
        status = f"exit status {self.exit_status}"
        return f"{status}: {self.because}" if self.because else status


@routes.post("/heartbeats/{name}")
def tell(app: PlatformNow, _caller: _Job, name: str, body: Tidings | None = None) -> Response:
    """`{"state": "start" | "finish" | "fail", "exit_status", "seconds", "because"}`, all of it optional."""
    said = body or Tidings()
    took = None if said.seconds is None else timedelta(seconds=said.seconds)
    return answer(app.beats.tell(name, said.told, took=took, because=said.why))
