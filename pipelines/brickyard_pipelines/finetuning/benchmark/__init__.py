"""Every candidate asked the same questions, kept as it answers, and judged by the customer's criteria."""
