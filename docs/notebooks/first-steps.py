# %% [markdown]
# # From a table of runs to an answer
#
# Every cell runs as it stands, without a server and without a network. The runs are made up: on six benchmarks `HB` and
# `PB` are equally good, and `RS` is three times as far from the best.

# %%
import random

import polars as pl

import hpowh

draw = random.Random(0)
runs = pl.DataFrame(
    [
        (name, f"bench{b}", seed, budget, 10 ** (level + 0.3 * b + draw.gauss(0, 0.1) - budget / 10))
        for name, level in (("HB", 0.0), ("PB", 0.0), ("RS", 0.5))
        for b in range(6)
        for seed in range(5)
        for budget in (1, 2, 4)
    ],
    schema=["algorithm", "benchmark", "seed", "budget", "loss"],
    orient="row",
)
runs.head()

# %% [markdown]
# The first `ingest` makes the file. What was assumed, and what looks odd, stands below what was loaded.

# %%
study = hpowh.open("first-steps.duckdb")
study.ingest(runs, name="study", direction="min")

# %% [markdown]
# ## Who is better?
#
# A result shows itself: the findings, what to keep in mind, the figure, and the tables.

# %%
answer = study.lmem()
answer

# %% [markdown]
# Each finding has its numbers, its level, on how many rows it rests, for what it holds, and under which assumption.

# %%
first = answer.findings[0]
print(first.sentence)
print(f"shown: {first.is_shown} at level {first.level}; on {first.row_count} {first.row_unit}; for {first.holds_for}")
print(first.assumption)
pl.DataFrame(first.numbers)

# %% [markdown]
# ## For the paper
#
# Figures are SVG (`.save("cd.svg")`), the table is LaTeX; `hpowh paper` writes a whole folder, with PDF and references.

# %%
answer.figure("cd")

# %%
print(answer.latex())

# %% [markdown]
# ## The same question, asked otherwise
#
# Ranks need no unit; `anytime` asks at all budgets at once and corrects for all of them.

# %%
study.rankings(response="log_regret")

# %%
study.anytime()

# %% [markdown]
# ## Everything that was found
#
# The same sentences stand on the pages of `study.report("site")`, and `hpowh findings --json` prints them.

# %%
study.findings().frame().select("kind", "basis", "is_shown", "row_count", "row_unit", "sentence")

# %%
study.close()
