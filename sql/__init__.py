"""SQL text: views, macros, queries, statements that write, and checks. No code."""
