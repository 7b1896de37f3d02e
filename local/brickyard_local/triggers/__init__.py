"""What starts runs without a caller: schedules, periods, arriving files, changed tables, continuous jobs."""
