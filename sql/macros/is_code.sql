-- Whether the least or greatest value of a benchmark may be a code for failures: at most half of its rows have it, four or more others are there, and it lies farther from the next value than these lie from one another. `next` and `other_end` are the ends of the others.
(row_count, tied, value, next, other_end) as
  row_count - tied >= 4 and 2 * tied <= row_count and next <> other_end and abs(next - value) > abs(other_end - next)
