-- How many significant digits a number is written with, of seven at most: 1 for 0.5 and 1e9, 3 for 0.559.
(value) as length(regexp_replace(regexp_replace(format('{:.6e}', abs(value)), 'e.*$', ''), '[.]|0+$', '', 'g'))
