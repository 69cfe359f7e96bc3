"""A report's forms: text for people, Markdown for a pull request, JSON, SARIF and JUnit for machines."""
