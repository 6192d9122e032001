"""`python -m hpowh.warehouse` is the `hpowh` command."""

from hpowh.warehouse.cli import main

if __name__ == "__main__":
    main()
