"""Run in the environment `graph`: writes a table of NAS-Bench-Graph as a CSV, one row an architecture that it has."""

import csv
import itertools
import sys

from nas_bench_graph.architecture import Arch, gnn_list, link_list
from nas_bench_graph.readbench import light_read

table = light_read(sys.argv[1])
writer = csv.writer(sys.stdout)
writer.writerow(["link", "op1", "op2", "op3", "op4", "accuracy"])
for place, operations in itertools.product(range(len(link_list)), itertools.product(range(len(gnn_list)), repeat=4)):
    if all(gnn_list[one] == "skip" for one in operations):
        continue  # no architecture at all: the package has none of these nine
    key = Arch(list(link_list[place]), [gnn_list[one] for one in operations]).valid_hash()
    writer.writerow([place, *operations, table[key]["valid_perf"]])
