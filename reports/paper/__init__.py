"""`hpowh paper`: tables, figures, sentences and references of one comparison, for a paper."""
