"""The five dashboards for Grafana: panels that each answer a question, and the files that provision them."""
