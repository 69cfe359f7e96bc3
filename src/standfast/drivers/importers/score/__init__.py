"""Score: a workload and the resources that it asks its platform for."""
