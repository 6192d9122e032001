"""SQL text: views, staging statements and checks. No code."""
