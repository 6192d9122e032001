"""Non-parametric and Bayesian comparison of algorithms."""
