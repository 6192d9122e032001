"""What `import hpowh` gives: sessions, results, comparisons without a warehouse."""
