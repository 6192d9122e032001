"""`methods.bib`: the sources of the methods that a comparison used, and no others."""

from __future__ import annotations

from importlib.metadata import version

from hpowh.reports.paper.study import Study

ENTRIES = {
    "lmems": """@misc{lmems,
  author = {Geburek, Anton and Mallik, Neeratyoy and Stoll, Danny and Bouthillier, Xavier and Hutter, Frank},
  title = {{LMEMs} for post-hoc analysis of {HPO} benchmarking},
  year = {2024},
  eprint = {2408.02533},
  archivePrefix = {arXiv}
}""",
    "lme4": """@article{lme4,
  author = {Bates, Douglas and M{\\"a}chler, Martin and Bolker, Ben and Walker, Steve},
  title = {Fitting linear mixed-effects models using lme4},
  journal = {Journal of Statistical Software},
  volume = {67},
  number = {1},
  pages = {1--48},
  year = {2015},
  doi = {10.18637/jss.v067.i01}
}""",
    "satterthwaite": """@article{satterthwaite,
  author = {Satterthwaite, Franklin E.},
  title = {An approximate distribution of estimates of variance components},
  journal = {Biometrics Bulletin},
  volume = {2},
  number = {6},
  pages = {110--114},
  year = {1946},
  doi = {10.2307/3002019}
}""",
    "lmertest": """@article{lmertest,
  author = {Kuznetsova, Alexandra and Brockhoff, Per B. and Christensen, Rune H. B.},
  title = {{lmerTest} package: tests in linear mixed effects models},
  journal = {Journal of Statistical Software},
  volume = {82},
  number = {13},
  pages = {1--26},
  year = {2017},
  doi = {10.18637/jss.v082.i13}
}""",
    "tukey": """@article{tukey,
  author = {Tukey, John W.},
  title = {Comparing individual means in the analysis of variance},
  journal = {Biometrics},
  volume = {5},
  number = {2},
  pages = {99--114},
  year = {1949},
  doi = {10.2307/3001913}
}""",
    "bonferroni": """@article{bonferroni,
  author = {Dunn, Olive Jean},
  title = {Multiple comparisons among means},
  journal = {Journal of the American Statistical Association},
  volume = {56},
  number = {293},
  pages = {52--64},
  year = {1961},
  doi = {10.1080/01621459.1961.10482090}
}""",
    "holm": """@article{holm,
  author = {Holm, Sture},
  title = {A simple sequentially rejective multiple test procedure},
  journal = {Scandinavian Journal of Statistics},
  volume = {6},
  number = {2},
  pages = {65--70},
  year = {1979},
  url = {https://www.jstor.org/stable/4615733}
}""",
    "bh": """@article{bh,
  author = {Benjamini, Yoav and Hochberg, Yosef},
  title = {Controlling the false discovery rate: a practical and powerful approach to multiple testing},
  journal = {Journal of the Royal Statistical Society, Series B},
  volume = {57},
  number = {1},
  pages = {289--300},
  year = {1995},
  doi = {10.1111/j.2517-6161.1995.tb02031.x}
}""",
    "dunnett": """@article{dunnett,
  author = {Dunnett, Charles W.},
  title = {A multiple comparison procedure for comparing several treatments with a control},
  journal = {Journal of the American Statistical Association},
  volume = {50},
  number = {272},
  pages = {1096--1121},
  year = {1955},
  doi = {10.1080/01621459.1955.10501294}
}""",
    "rankintervals": """@article{rankintervals,
  author = {Al Mohamad, Diaa and Goeman, Jelle J. and van Zwet, Erik W.},
  title = {Simultaneous confidence intervals for ranks with application to ranking institutions},
  journal = {Biometrics},
  volume = {78},
  number = {1},
  pages = {238--247},
  year = {2022},
  doi = {10.1111/biom.13419},
  eprint = {1812.05507},
  archivePrefix = {arXiv}
}""",
    "demsar": """@article{demsar,
  author = {Dem{\\v{s}}ar, Janez},
  title = {Statistical comparisons of classifiers over multiple data sets},
  journal = {Journal of Machine Learning Research},
  volume = {7},
  pages = {1--30},
  year = {2006},
  url = {https://jmlr.org/papers/v7/demsar06a.html}
}""",
}
"""Keys as the methods paragraph cites them -> BibTeX."""


def cited(study: Study, *, has_budgets: bool) -> list[str]:
    """Return the keys of what a comparison used."""
    method = str(study.levels[0]["method"])
    found = ["lmems", "lme4", *(() if method == "bonferroni" else ("satterthwaite", "lmertest"))]
    found += [method] if method in ENTRIES else []
    found += ["holm"] if has_budgets and "holm" not in found else []
    found += ["rankintervals"] if study.levels[0]["rank_lower"] is not None else []
    found += ["demsar"] if study.agreement else []
    return found


def bibliography(keys: list[str]) -> str:
    """Return BibTeX of the keys, and of hpowh itself."""
    own = f"""@software{{hpowh,
  author = {{{{The hpowh authors}}}},
  title = {{hpowh: a warehouse for hyperparameter-optimisation results}},
  version = {{{version("hpowh")}}}
}}"""
    return "\n\n".join([*(ENTRIES[key] for key in keys), own]) + "\n"
