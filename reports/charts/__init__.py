"""Charts: one kind a module; each returns markup."""
