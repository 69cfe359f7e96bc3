"""The JSON API: what pages show and do, for programs."""

from fastapi import APIRouter

from standfast.web.api import (
    alerts,
    audit,
    deeds,
    exclusions,
    feedback,
    gate,
    heartbeats,
    reports,
    screens,
)

routes = APIRouter(prefix="/api/v1")
for part in (screens, deeds, feedback, gate, exclusions, reports, alerts, heartbeats, audit):
    routes.include_router(part.routes)
