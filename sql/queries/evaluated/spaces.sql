-- One row per search space that was evaluated at several fidelities, or both on training and on test data.
select search_space, search_space_id from mart.landscape
group by search_space, search_space_id
having count(distinct fidelity) > 1 or (bool_or(split = 'train') and bool_or(split = 'test'))
order by search_space
