"""`brickyard rollback`: a model and its endpoints back to an earlier champion."""
