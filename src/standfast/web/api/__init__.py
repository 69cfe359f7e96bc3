"""The API: the same values as the pages, as JSON, and the same deeds for programs."""

from fastapi import APIRouter

from standfast.web.api import (
    alerts,
    audit,
    beacon,
    deeds,
    deploys,
    exclusions,
    feedback,
    gate,
    screens,
)

routes = APIRouter(prefix="/api/v1")
for part in (screens, deeds, feedback, gate, exclusions, deploys, beacon, alerts, audit):
    routes.include_router(part.routes)
