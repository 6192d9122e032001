# Models with unequal variances by R's nlme and glmmTMB: Rscript unequal_variances.R > unequal_variances.json
# varIdent: residual variance by benchmark. pdDiag: a variance of the interaction for every algorithm.
suppressMessages({library(nlme); library(glmmTMB); library(jsonlite)})
control <- lmeControl(opt = "nlminb", msMaxIter = 5000, maxIter = 5000, niterEM = 200, tolerance = 1e-13,
                      msTol = 1e-15, returnObject = TRUE)
answers <- lapply(fromJSON("unequal_variances_data.json", simplifyDataFrame = FALSE), function(columns) {
  data <- data.frame(y = unlist(columns$y), algorithm = factor(unlist(columns$algorithm)),
                     benchmark = factor(unlist(columns$benchmark)))
  data$pair <- interaction(data$benchmark, data$algorithm, drop = TRUE)
  sapply(c("REML", "ML"), function(method) {
    by_benchmark <- lme(y ~ algorithm, random = list(benchmark = ~1, algorithm = ~1), data = data, method = method,
                        weights = varIdent(form = ~1 | benchmark), control = control)
    ratio <- coef(by_benchmark$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)
    by_algorithm <- lme(y ~ algorithm, data = data, method = method, control = control,
                        random = list(benchmark = pdBlocked(list(~1, pdDiag(~algorithm - 1)))))
    dispersion <- glmmTMB(y ~ algorithm + (1 | benchmark) + (1 | pair), dispformula = ~benchmark, data = data,
                          REML = method == "REML",
                          control = glmmTMBControl(optCtrl = list(iter.max = 5000, eval.max = 5000, rel.tol = 1e-14)))
    list(residual = list(log_likelihood = as.numeric(logLik(by_benchmark)), estimate = unname(fixef(by_benchmark)),
                         standard_error = unname(sqrt(diag(vcov(by_benchmark)))),
                         sd = as.list(by_benchmark$sigma * ratio[levels(data$benchmark)]),
                         log_likelihood_glmmTMB = as.numeric(logLik(dispersion))),
         interaction = list(log_likelihood = as.numeric(logLik(by_algorithm)), estimate = unname(fixef(by_algorithm)),
                            standard_error = unname(sqrt(diag(vcov(by_algorithm)))),
                            sd = as.list(setNames(as.numeric(VarCorr(by_algorithm)[, "StdDev"]),
                                                  rownames(VarCorr(by_algorithm))))))
  }, simplify = FALSE)
})
cat(toJSON(list(versions = list(R = as.character(getRversion()), nlme = as.character(packageVersion("nlme")),
                                glmmTMB = as.character(packageVersion("glmmTMB"))), answers = answers),
           digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
