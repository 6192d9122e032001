"""What sources of tables share: staging, roles of columns, refusals, words for how a run ended."""
