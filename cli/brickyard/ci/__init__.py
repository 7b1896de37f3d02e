"""`brickyard ci`: the pipelines of Azure DevOps and GitHub, rendered from one description."""
