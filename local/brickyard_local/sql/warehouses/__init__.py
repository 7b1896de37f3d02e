"""SQL warehouses: their settings, states and processes."""
