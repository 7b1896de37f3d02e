"""A review as Markdown that renders alike in Azure DevOps and on GitHub, within a size."""
