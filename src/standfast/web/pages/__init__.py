"""The pages: each asks for one screen and draws it; forms translate to one deed and come back."""

from fastapi import APIRouter

from standfast.web.pages import (
    acknowledge,
    deciding,
    deeds,
    feedback,
    reports,
    screens,
    session,
    try_out,
)

routes = APIRouter(include_in_schema=False)
for part in (
    session,
    acknowledge,
    screens,
    deeds,
    deciding,
    feedback,
    reports,
    try_out,
):
    routes.include_router(part.routes)
