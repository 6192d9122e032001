-- Whether a value that is far from all others on some benchmarks is a code rather than a coincidence: several rows of one benchmark have it, or it is written with two digits fewer than what lies next to it, or a third of all benchmarks that have a far value have this one.
(tied, places, all_places, digits, next_digits) as
  tied > 1 or digits + 2 <= next_digits or (places > 1 and 3 * places >= all_places)
