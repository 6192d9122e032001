-- Distance of a loss from the best one known for its benchmark; missing stays missing.
(loss, best_loss) as loss - best_loss
