-- A measured value turned so that smaller is better; missing stays missing.
(value, direction) as case direction when 'max' then -value else value end
