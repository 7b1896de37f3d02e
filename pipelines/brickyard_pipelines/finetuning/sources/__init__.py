"""Where rows come from: files, folders and tables, read as streams with the place of every row."""
