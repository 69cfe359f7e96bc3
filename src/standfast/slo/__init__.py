"""Service levels: indicators, objectives, error budgets, burn rates, budget policy."""
