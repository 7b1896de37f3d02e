"""A review as one page that needs no network and no server."""
