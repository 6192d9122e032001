"""How fast the views answer on the demo's warehouse: neighbours, landscapes, all edges."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

QUERIES = {
    "neighbours of one configuration": "select * from mart.neighbour "
    "where search_space = 'fcnet' and configuration_id = 12345",
    "its neighbours with their losses": "select n.*, l.loss from mart.neighbour as n join mart.landscape_node as l "
    "on l.search_space_id = n.search_space_id and l.configuration_id = n.neighbour_id "
    "where n.search_space = 'fcnet' and n.configuration_id = 12345 and l.search_space = 'fcnet' "
    "and l.benchmark = 'fcnet/protein_structure' and l.metric = 'val_loss'",
    "one landscape of 62,208": "select count(*), sum(loss) from mart.landscape_node "
    "where benchmark = 'fcnet/protein_structure' and metric = 'val_loss'",
    "edges of all spaces": "select search_space, count(*) // 2 from mart.neighbour group by all",
    "all landscapes": "select count(*) from mart.landscape",
}


def main() -> None:
    """Run each query seven times on one warm connection and print its median and worst time."""
    path = Path("demo/hpowh.duckdb")
    if not path.is_file():
        print("  skipped: run `make demo` first, this measures demo/hpowh.duckdb")
        return
    from hpowh.warehouse import Warehouse

    with Warehouse(path) as store:
        for name, query in QUERIES.items():
            seconds = []
            for _ in range(7):
                began = time.perf_counter()
                store.sql(query).rows()
                seconds.append(time.perf_counter() - began)
            print(f"  {name:<36} median {statistics.median(seconds) * 1e3:7.1f} ms, worst {max(seconds) * 1e3:7.1f} ms")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
