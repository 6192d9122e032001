-- Regret as a share of the distance between the best known and the worst loss; NULL where these are the same.
(loss, best_loss, worst_loss) as case when worst_loss > best_loss then (loss - best_loss) / (worst_loss - best_loss) end
