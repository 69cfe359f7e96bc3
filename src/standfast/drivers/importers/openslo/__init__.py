"""OpenSLO: services, objectives and their indicators, v1, v1alpha and v2alpha."""
