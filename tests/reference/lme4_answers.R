# What lme4, lmerTest and emmeans say of the experiments that make_data.py draws.
#   python make_data.py /tmp/x && Rscript lme4_answers.R /tmp/x lme4_answers.json
# Debian: r-cran-lme4 r-cran-lmertest r-cran-emmeans r-cran-jsonlite. Each model is fitted from several starts and by
# several optimisers, and the best is kept, so that an answer is the optimum and not where one search stopped.
suppressMessages({library(lme4); library(lmerTest); library(emmeans); library(jsonlite)})
arguments <- commandArgs(TRUE)
emm_options(lmerTest.limit = 1e5, pbkrtest.limit = 0, msg.interaction = FALSE, msg.nesting = FALSE)
read <- function(name) {
  d <- read.csv(file.path(arguments[1], paste0(name, ".csv")), stringsAsFactors = FALSE)
  for (column in c("algorithm", "benchmark", "suite", "prior", "seed")) d[[column]] <- factor(d[[column]], levels = sort(unique(d[[column]])))
  d
}
models <- list(
  list("crossed", "y ~ algorithm + (1|benchmark)"),
  list("crossed", "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"),
  list("crossed", "y ~ algorithm*prior + (1|benchmark) + (1|seed)"),
  list("crossed", "y ~ algorithm*x + (1+x|benchmark)"),
  list("crossed", "y ~ algorithm + x + (x||benchmark)"),
  list("crossed", "y ~ algorithm + (0+algorithm|benchmark)"),
  list("crossed", "y ~ algorithm + x + prior"),
  list("unbalanced", "y ~ algorithm + (1|benchmark)"),
  list("unbalanced", "y ~ algorithm*prior + x + (1|benchmark) + (1|benchmark:algorithm)"),
  list("unbalanced", "y ~ algorithm + (1+x|benchmark) + (1|seed)"),
  list("unbalanced", "y ~ x + (1|suite/benchmark)"),
  list("empty", "y ~ algorithm*prior + (1|benchmark)"),
  list("empty", "y ~ algorithm + prior + (1|benchmark) + (1|seed)"),
  list("nested", "y ~ algorithm + (1|suite) + (1|suite:benchmark)"),
  list("nested", "y ~ algorithm + (1|suite/benchmark)"),
  list("nested", "y ~ 1 + (1|suite) + (1|suite:benchmark)"),
  list("small", "y ~ algorithm + (1|benchmark)")
)
ratios <- list(
  list("crossed", "y ~ 1 + (1|benchmark)", "y ~ algorithm + (1|benchmark)"),
  list("unbalanced", "y ~ algorithm + (1|benchmark)", "y ~ algorithm*prior + (1|benchmark)"),
  list("unbalanced", "y ~ algorithm + (1|benchmark)", "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"),
  list("empty", "y ~ algorithm + prior + (1|benchmark)", "y ~ algorithm*prior + (1|benchmark)"),
  list("nested", "y ~ algorithm + (1|suite)", "y ~ algorithm + (1|suite/benchmark)")
)
best <- function(formula, data, reml) {
  if (!grepl("|", formula, fixed = TRUE)) return(lm(as.formula(formula), data))
  controls <- list(
    lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5), calc.derivs = FALSE),
    lmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12, maxeval = 1e5), calc.derivs = FALSE),
    lmerControl(optimizer = "Nelder_Mead", optCtrl = list(FtolAbs = 1e-12, XtolRel = 1e-10, maxfun = 1e5), calc.derivs = FALSE))
  fits <- lapply(controls, function(control) suppressMessages(suppressWarnings(
    lmerTest::lmer(as.formula(formula), data, REML = reml, control = control))))
  fits[[which.max(sapply(fits, function(f) as.numeric(logLik(f))))]]
}
rows <- function(table) { table <- as.data.frame(table); lapply(seq_len(nrow(table)), function(i) as.list(table[i, , drop = FALSE])) }
contrasts_of <- function(fit) {
  factors <- intersect(c("algorithm", "prior"), all.vars(nobars(formula(fit))))
  if (!"algorithm" %in% factors) return(NULL)
  one <- function(spec) {
    means <- suppressMessages(emmeans(fit, spec, lmer.df = "satterthwaite"))
    list(means = rows(summary(means, infer = c(TRUE, TRUE))),
         tukey = rows(summary(pairs(means, adjust = "tukey"), infer = c(TRUE, TRUE))),
         holm = rows(summary(pairs(means, adjust = "holm"), infer = c(TRUE, TRUE))),
         control = rows(summary(contrast(means, "trt.vs.ctrl", ref = 2, adjust = "none"), infer = c(TRUE, TRUE))))
  }
  answers <- list(algorithm = one(~ algorithm))
  if (length(factors) == 2) answers[["algorithm | prior"]] <- one(~ algorithm | prior)
  answers
}
answer <- function(data_name, formula, reml) {
  data <- read(data_name)
  fit <- best(formula, data, reml)
  mixed <- inherits(fit, "merMod")
  out <- list(log_likelihood = as.numeric(logLik(fit, REML = reml)), parameters = attr(logLik(fit), "df"),
              AIC = if (mixed || !reml) AIC(fit) else NULL, BIC = if (mixed || !reml) BIC(fit) else NULL)
  coefficients <- if (mixed) fixef(fit) else coef(fit)
  out$fixed <- as.list(coefficients)
  if (mixed || reml) out$errors <- as.list(sqrt(diag(as.matrix(vcov(fit)))))
  if (mixed || reml) out$sigma <- sigma(fit)
  if (mixed) {
    out$is_singular <- isSingular(fit, tol = 1e-5)
    out$theta <- as.list(getME(fit, "theta"))
    out$varcorr <- lapply(rows(as.data.frame(VarCorr(fit))), function(r) r[c("grp", "var1", "var2", "vcov")])
    out$df <- as.list(setNames(coef(summary(fit))[, "df"], rownames(coef(summary(fit)))))
    out$p <- as.list(setNames(coef(summary(fit))[, "Pr(>|t|)"], rownames(coef(summary(fit)))))
    out$modes <- lapply(ranef(fit), function(m) { m <- as.data.frame(m); lapply(split(m, rownames(m)), function(r) unname(unlist(r))) })
  }
  if (reml) out$emmeans <- contrasts_of(fit)
  out
}
results <- lapply(models, function(m) list(data = m[[1]], formula = m[[2]], n = nrow(read(m[[1]])), mean_y = mean(read(m[[1]])$y),
  REML = answer(m[[1]], m[[2]], TRUE), ML = answer(m[[1]], m[[2]], FALSE)))
tests <- lapply(ratios, function(r) {
  data <- read(r[[1]]); null <- best(r[[2]], data, FALSE); full <- best(r[[3]], data, FALSE)
  found <- suppressMessages(anova(null, full, refit = FALSE))
  list(data = r[[1]], null = r[[2]], full = r[[3]], chi_square = found$Chisq[2], df = found$Df[2], p = found[["Pr(>Chisq)"]][2])
})
versions <- lapply(c(lme4 = "lme4", lmerTest = "lmerTest", emmeans = "emmeans"), function(p) as.character(packageVersion(p)))
write(toJSON(list(made_by = c(list(R = as.character(getRversion())), versions), models = results, ratios = tests),
  auto_unbox = TRUE, digits = 15, null = "null", na = "null"), arguments[2])
