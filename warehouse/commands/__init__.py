"""The warehouse's own commands, a module each. Heavy imports are inside, so that `hpowh --help` stays quick."""

import typer

from hpowh.warehouse.commands import check, doctor, export, ingest, init, publish, repair, sql, tables
from hpowh.warehouse.grouping import Told


def register(app: typer.Typer) -> None:
    """Add the commands of this floor, in the order in which a new user meets them."""
    app.command(epilog="Example: hpowh init --warehouse results.duckdb")(init.init)
    app.command(epilog=Told(ingest.epilog))(ingest.ingest)
    app.command(epilog='Example: hpowh sql "select * from mart.landscape" --format markdown')(sql.sql)
    app.command(epilog="Example: hpowh tables mart")(tables.tables)
    app.command(epilog="Example: hpowh export mart.observation observations.parquet")(export.export)
    app.command(epilog="Example: hpowh check --json")(check.check)
    app.command(epilog="Example: hpowh repair runs --quarantine")(repair.repair)
    app.command(epilog="Example: hpowh restore hpowh.duckdb.backup-0001-20250101T000000")(repair.restore)
    app.command(epilog="Example: hpowh publish shared/hpowh.duckdb --parquet shared/parquet --verify")(publish.publish)
    app.command(epilog="Example: hpowh doctor --warehouse results.duckdb")(doctor.doctor)
