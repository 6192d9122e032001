"""One module a kind of page: `pages(site)` yields them, `findings(site)` yields sentences for the overview."""
