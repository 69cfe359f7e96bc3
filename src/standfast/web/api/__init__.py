"""The API: the same values as the pages, as JSON, and the same deeds for programs."""

from fastapi import APIRouter

from standfast.web.api import (
    alerts,
    audit,
    beacon,
    deeds,
    deploys,
    directory,
    exclusions,
    feedback,
    gate,
    heartbeats,
    reports,
    screens,
    try_out,
    write,
)

routes = APIRouter(prefix="/api/v1")
for part in (
    screens,
    directory,
    deeds,
    feedback,
    gate,
    deploys,
    exclusions,
    reports,
    alerts,
    beacon,
    heartbeats,
    audit,
    write,
    try_out,
):
    routes.include_router(part.routes)
