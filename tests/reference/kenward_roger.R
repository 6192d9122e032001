# Kenward-Roger F tests of lmerTest (pbkrtest) on kenward_roger_data.json, and the joint tests of emmeans.
# Rscript kenward_roger.R > kenward_roger.json
suppressMessages({library(lmerTest); library(pbkrtest); library(emmeans); library(jsonlite)})
d <- fromJSON("kenward_roger_data.json")
for (n in c("a", "b", "p")) d[[n]] <- factor(d[[n]])
formulas <- c("y ~ a + (1|b) + (1|b:a)", "y ~ a * p + (1|b) + (1|b:a) + (1|b:p)", "y ~ a * x + (1|b) + (1|b:a)")
answers <- lapply(formulas, function(f) {
  m <- lmer(as.formula(f), d, control = lmerControl(check.conv.singular = "ignore"))
  j <- as.data.frame(joint_tests(m, mode = "kenward-roger"))
  terms <- attr(terms(m), "term.labels")
  # KRmodcomp of each term against the model without it, as the hypothesis of its own coefficients.
  beta <- names(fixef(m))
  assign <- attr(model.matrix(m), "assign")
  if (is.null(assign)) assign <- attr(getME(m, "X"), "assign")
  kr <- lapply(seq_along(terms), function(i) {
    L <- diag(length(beta))[assign == i, , drop = FALSE]
    t <- KRmodcomp(m, L)$test
    list(term = terms[i], F = t["Ftest", "stat"], ndf = t["Ftest", "ndf"], ddf = t["Ftest", "ddf"], p = t["Ftest", "p.value"])
  })
  third <- as.data.frame(anova(m, type = "III", ddf = "Satterthwaite"))
  list(formula = f, coefficients = kr, joint = j, third = cbind(term = rownames(third), third))
})
cat(toJSON(answers, digits = 15, auto_unbox = TRUE, pretty = TRUE), "\n")
