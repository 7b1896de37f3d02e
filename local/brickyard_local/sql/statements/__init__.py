"""The statement execution API: statements, their results and links to them."""
