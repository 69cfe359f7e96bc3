"""The five required dashboards and each of their elements: how its page and its Grafana panels name it."""

from __future__ import annotations

# dashboard -> (path of the page, name of the file, element -> (text in the page, a panel's question))
REQUIRED = {
    "Executive Overview": ("/", "executive-overview", {
        "health status": ("<h1>blog <span class=\"state", "problems is somebody paged for"),
        "SLO compliance": ("Promises kept", "promises are broken"),
        "error budget": ("Least budget left", "error budget is left"),
    }),
    "Service Health": ("/services", "service-health", {
        "per-service health": ("Health</th>", "checks is unwell"),
        "request rates": ("Requests</th>", "how much is asked of it"),
        "error rates": ("Errors</th>", "how much of it fails"),
    }),
    "Infrastructure": ("/infrastructure", "infrastructure", {
        "CPU": ("CPU</th>", "processor"),
        "memory": ("Memory</th>", "memory"),
        "disk": ("Disk</th>", "disk full"),
        "network": ("Network</th>", "over the network"),
        "containers": ("Containers</th>", "its containers"),
    }),
    "User Experience": ("/experience", "user-experience", {
        "page load times": ("Page-load times", "three of four page loads"),
        "conversion funnel": ("Conversion funnel", "conversion funnel"),
    }),
    "On-Call": ("/on-call", "on-call", {
        "active incidents": ("Active incidents", "How many P1 are open"),
        "recent alerts": ("Recent alerts", "What woke us"),
    }),
}  # fmt: skip
EVERY = [
    (dashboard, element, path, file, shown, question)
    for dashboard, (path, file, elements) in REQUIRED.items()
    for element, (shown, question) in elements.items()
]
NAMES = [f"{dashboard}: {element}" for dashboard, element, *_ in EVERY]
